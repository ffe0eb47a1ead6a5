using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <content>A generation: the promise, the plan, the engine that carries it out.</content>
public sealed partial class RankActor
{
    private void OnPrepare(Prepare prepare)
    {
        if (_prepared is { } former && former.Report.Generation == prepare.Generation)
        {
            Sender.Tell(former); // asked again
            return;
        }

        if (prepare.Generation <= _promised)
        {
            Stale(prepare);
            return;
        }

        _promised = prepare.Generation;
        _prepared = null;
        _verdict = null;
        if (_engine.Engine is not { } engine)
        {
            Answer(WorldReport.Spare(_settings.RankId, prepare.Generation), Sender);
            return;
        }

        IActorRef self = Self;
        IActorRef asker = Sender;
        _promises.Enqueue(_world?.Origin ?? 0, () => engine.Step, () =>
            self.Tell(new Promised(prepare.Generation, engine.Prepare(prepare.Generation), asker), ActorRefs.NoSender));
    }

    private void OnPromised(Promised promised)
    {
        if (promised.Report is { } report)
        {
            Answer(report, promised.Asker);
        }
    }

    private void Answer(WorldReport report, IActorRef asker)
    {
        _prepared = new RankPrepared(report, _dataPlane.EndPoint);
        asker.Tell(_prepared);
    }

    private void OnFormWorld(FormWorld form)
    {
        GenerationPlan plan = form.Plan;
        if (plan.Generation < _promised || plan.Generation == _world?.Generation)
        {
            Stale(form);
            return;
        }

        try
        {
            plan.Check();
        }
        catch (InvalidDataException e)
        {
            _log.Error("a plan is refused: {0}", e.Message);
            Sender.Tell(new RankFailed(plan.Generation, FaultKind.Compute, e.Message, plan.StateStep, null, e, _settings.RankId));
            return;
        }

        _promised = plan.Generation;
        _supervisor = Sender;
        _checkpoints = form.Checkpoints;
        _failure = null;
        _finished = null;
        bool goesOn = _world is { IsTraining: true } former && plan.Source is StateSource.Survivors && former.Timeline == plan.Timeline && plan.StateStep - _engine.Step is 0 or 1
            && _phase is not (RankPhase.Failed or RankPhase.Idle);
        if (goesOn)
        {
            _world!.Generation = plan.Generation;
        }
        else
        {
            if (_world is not null)
            {
                Leave("a new generation");
            }

            _ended = null;
            _unsettled.Clear();
            _world = new RankWorld(form, _source, _store, _settings, _time, _probe, Self);
        }

        _peers = plan.Members.Length;
        _world!.SaveStep = plan.SaveStep;
        _world.StagesInTurn |= plan.StagesInTurn;
        _world.Position = plan.PositionOf(_settings.RankId);
        _phase = RankPhase.Loading;
        Join(form, _world);
    }

    // By the compute thread, which may be bound to processors.
    private void MakeEngine(long generation, long step, CancellationToken abort)
    {
        IActorRef self = Self;
        EngineSlot slot = _engine;
        if (!slot.TryClaim())
        {
            return;
        }

        _compute.Enqueue(generation, () => step, () =>
        {
            IWorldEngine? engine = null;
            try
            {
                engine = _engines.Create(_settings.RankId);
                engine.WorldFailed += (lost, error) => self.Tell(new WorldLost(lost, error.ToString(), _time.GetUtcNow()), ActorRefs.NoSender);
                engine.Found += finding => self.Tell(finding, ActorRefs.NoSender);
                engine.WarmUp(abort);
                if (_settings is { Sections: { } limits, Guards.StepWatch: true })
                {
                    slot.Watch(new SectionWatch(
                        engine.Clocks, limits, (standing, limit) => self.Tell(new Overdue(standing, limit), ActorRefs.NoSender), LookEvery(limits)));
                }

                slot.Set(engine);
                _settings.EngineAhead?.TrySetResult();
            }
            catch (Exception e)
            {
                engine?.Dispose();
                slot.GiveBack();
                _settings.EngineAhead?.TrySetException(e);
                throw;
            }
        });
    }

    // Plans are carried out by a thread of their own, while steps go on.
    private void Join(FormWorld form, RankWorld world)
    {
        IActorRef self = Self;
        GenerationPlan plan = form.Plan;
        EngineSlot slot = _engine;
        MakeEngine(world.Origin, plan.StateStep, world.Abort);

        byte[] secret = Convert.FromBase64String(form.Secret);
        _plans.Enqueue(world.Origin, () => plan.StateStep, () =>
        {
            long began = _time.GetTimestamp();
            IWorldEngine engine = slot.Await(world.Abort);
            TimeSpan warm = _time.GetElapsedTime(began);
            bool joined = engine.Join(
                plan, _store, (p, position, handler, abort) => _dataPlane.Connect(p, position, form.DataPlane, secret, handler, abort), world.Abort);
            self.Tell(new Joined(plan.Generation, joined, engine.LastJoin with { Warm = warm }), ActorRefs.NoSender);
        });
    }

    private void OnJoined(Joined joined)
    {
        if (!joined.IsWhole)
        {
            return; // the mesh failed, which was told, or the generation is over
        }

        RankWorld world = _world!;
        _phase = RankPhase.Ready;
        if (world.Loader is null)
        {
            world.Loader = Context.ActorOf(Props.Create(() => new BatchLoader(_source, world.Queue, world.Course)), $"loader-{world.Origin}");
            Context.Watch(world.Loader);
        }

        _supervisor.Tell(new RankReady(joined.Generation, _engine.Step, _settings.RankId, joined.Report));
    }
}
