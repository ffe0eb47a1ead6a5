using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <summary>
/// One rank: owns its loader, its compute thread and the writer of its shards. It is nobody's child: the supervisor and the coordinator of checkpoints may
/// die and come back while it goes on stepping; it keeps every unanswered report and sends it again.
/// </summary>
public sealed partial class RankActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(1);
    private readonly RankSettings _settings;
    private readonly IRankEngineFactory _engines;
    private readonly IBatchSource _source;
    private readonly IObjectStore _store;
    private readonly TimeProvider _time;
    private readonly IPhaseProbe _probe;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly IDataPlane _dataPlane;
    private readonly ComputeThread _compute;
    private readonly ComputeThread _promises;
    private readonly ComputeThread _plans;
    private readonly SortedDictionary<long, object> _unsettled = [];
    private int _peers;
    private RankWorld? _world;
    private EngineSlot _engine = new();
    private RankPhase _phase = RankPhase.Idle;
    private RankPrepared? _prepared;
    private long _promised;
    private RankFailed? _failure;
    private RankFinished? _finished;
    private IActorRef _supervisor = ActorRefs.Nobody;
    private IActorRef _checkpoints = ActorRefs.Nobody;
    private LoopEnded? _ended;
    private (long Step, long Generation, long Groups, TimeSpan Time) _window = (-1, 0, 0, TimeSpan.Zero);
    private AuditEnded? _verdict; // of the world in work, if it ends it: told until there is another

    /// <summary>A rank without a world.</summary>
    /// <param name="settings">What it is told once.</param>
    /// <param name="engines">Makes its engine, and a new one after a failure.</param>
    /// <param name="source">Batches.</param>
    /// <param name="store">Shard files.</param>
    /// <param name="dataPlane">How it reaches the other members of its worlds.</param>
    /// <param name="time">Clock.</param>
    /// <param name="probe">Is told what happens.</param>
    public RankActor(
        RankSettings settings, IRankEngineFactory engines, IBatchSource source, IObjectStore store, IDataPlane dataPlane, TimeProvider time, IPhaseProbe probe)
    {
        _settings = settings;
        _engines = engines;
        _source = source;
        _store = store;
        _time = time;
        _probe = probe;
        _dataPlane = dataPlane;
        _compute = new ComputeThread(Self, "compute");
        _promises = new ComputeThread(Self, "promises");
        _plans = new ComputeThread(Self, "plans");

        Receive<Adopt>(OnAdopt);
        Receive<Prepare>(OnPrepare);
        Receive<FormWorld>(OnFormWorld);
        Receive<Train>(OnTrain, m => IsCurrent(m.Generation));
        Receive<LimitStaging>(_ => { _world!.StagesInTurn = true; }, m => IsCurrent(m.Generation));
        Receive<StopAtBoundary>(OnStopAtBoundary, m => IsCurrent(m.Generation));
        Receive<StopAt>(m => _world!.StopAt(m.Step), m => IsCurrent(m.Generation));
        Receive<Abort>(m => Leave(m.Reason), m => IsCurrent(m.Generation));
        Receive<Finish>(OnFinish, m => IsCurrent(m.Generation));

        Receive<Promised>(OnPromised, m => m.Generation == _promised);
        Receive<Joined>(OnJoined, m => IsCurrent(m.Generation) && m.Generation == _promised);
        Receive<WorldLost>(m => _supervisor.Tell(new PeerLost(m.Generation, _settings.RankId, m.Message, m.At)), m => IsCurrent(m.Generation));
        Receive<Overdue>(m => _supervisor.Tell(new SectionOverdue(
            _world!.Generation, _settings.RankId, m.Standing.Section, m.Standing.Step, m.Standing.Elapsed.TotalSeconds, m.Limit.TotalSeconds)), _ => _world is not null);
        Receive<Overdue>(_ => { });
        Receive<DescribeWork>(m => Sender.Tell(Describe()), m => IsCurrent(m.Generation));
        Receive<DescribeWork>(Stale);
        Receive<IRankFinding>(OnFinding, m => IsCurrent(m.Generation));
        Receive<StepDone>(OnStepDone, m => IsOwn(m.Generation));
        Receive<StateStaged>(m => _checkpoints.Tell(new BeginCheckpoint(_world!.Timeline, m.Step, m.AppliedIn, _settings.RankId, m.Shards)), m => IsOwn(m.Generation));
        Receive<LoopEnded>(OnLoopEnded, m => IsOwn(m.Generation));
        Receive<RankFinished>(OnFinished, m => IsCurrent(m.Generation));
        Receive<RankFailed>(m => OnFailed(m with { Generation = _world!.Generation }), m => IsOwn(m.Generation) || IsCurrent(m.Generation));
        Receive<ComputeAborted>(_ => { });

        Receive<BatchLoaded>(_ => OnBatchLoaded(), _ => IsOwnLoader());
        Receive<LoaderRestarted>(OnLoaderRestarted, _ => IsOwnLoader());
        Receive<Terminated>(OnLoaderGone);

        Receive<ShardsStored>(OnShardsStored);
        Receive<ShardsFailed>(OnShardsFailed);
        Receive<CheckpointFailed>(OnCheckpointFailed);
        Receive<CheckpointSettled>(OnSettled);
        Receive<Resend>(_ => SendAgain(), _ => _settings.Guards.ResendReports);
        Receive<GetRankStatus>(_ => Sender.Tell(new RankStatus(
            _phase, _world?.Generation ?? 0, _engine.Step, _world?.TotalSteps ?? 0, [.. _unsettled.Keys], _world?.LastSettled?.Step, _ended?.Step,
            _world?.NextToLoad ?? 0, _world?.FreeSlots ?? 0, _world?.Loading ?? false)));

        // A message of an older generation has no effect.
        Receive<Train>(Stale);
        Receive<LimitStaging>(Stale);
        Receive<StopAtBoundary>(Stale);
        Receive<Abort>(Stale);
        Receive<Finish>(Stale);
        Receive<StopAt>(Stale);
        Receive<Promised>(Stale);
        Receive<Joined>(Stale);
        Receive<WorldLost>(Stale);
        Receive<IRankFinding>(Stale);
        Receive<StepDone>(Stale);
        Receive<StateStaged>(Stale);
        Receive<LoopEnded>(Stale);
        Receive<RankFinished>(Stale);
        Receive<RankFailed>(Stale);
        Receive<BatchLoaded>(Stale);
        Receive<LoaderRestarted>(Stale);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(_settings.MaxLoaderRestarts, _settings.LoaderWindow, _ => _settings.Guards.LoaderRestart ? Directive.Restart : Directive.Stop);

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Resend), Resend.Instance, _settings.ResendAfter);
        if (_settings.EngineAhead is not null)
        {
            MakeEngine(0, 0, CancellationToken.None);
        }
    }

    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object? message)
    {
        if (_world is { } world)
        {
            _supervisor.Tell(new RankFailed(world.Generation, FaultKind.Compute, $"the rank's actor failed: {reason.Message}", _engine.Step, null, reason));
        }

        base.PreRestart(reason, message);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _world?.Leave();
        _engine.Close();
        _plans.Dispose();
        _promises.Dispose();
        _compute.Dispose();
        _world?.Dispose();
        _engine.Dispose();
    }

    // What the threads of a world tell carries the generation in which it began.
    private bool IsOwn(long origin) => _world is { } world && world.Origin == origin;

    private bool IsCurrent(long generation) => _world is { } world && world.Generation == generation;

    private bool IsOwnLoader() => _world is { } world && Sender.Equals(world.Loader);

    private void Stale(object message) => _log.Debug("{0} of an older generation has no effect", message.GetType().Name);

    private void OnAdopt(Adopt adopt)
    {
        _supervisor = adopt.Supervisor;
        _checkpoints = adopt.Checkpoints;
        Sender.Tell(new RankReport(_settings.RankId, _world?.Generation ?? 0, _world?.Timeline ?? 0, _phase, _engine.Step, _failure, _finished));
        if (_settings.Guards.ResendReports)
        {
            SendAgain();
        }

        ReportStopIfSettled();
    }

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

    private void OnTrain(Train train)
    {
        if (_phase is not RankPhase.Ready)
        {
            return; // sent twice by two incarnations of the supervisor
        }

        _phase = RankPhase.Training;
        RankWorld world = _world!;
        world.TotalSteps = train.TotalSteps;
        LoadNext();
        if (world.IsTraining && _ended is null)
        {
            return; // its loop goes on
        }

        _ended = null;
        world.IsTraining = true;
        world.ForgetSettled();
        EngineSlot slot = _engine;
        _compute.Enqueue(world.Origin, () => slot.Step, () => world.Train(slot.Engine!));
    }

    private void OnStopAtBoundary(StopAtBoundary stop)
    {
        // Others may have done one step more than this rank, and none can end the one after that without it.
        long step = _engine.Step + (_peers > 1 ? 2 : 1);
        _world!.StopAt(step);
        Sender.Tell(new StopNamed(stop.Generation, step));
    }

    private void OnStepDone(StepDone done)
    {
        MeasureSpeed(done.Step.Step);
        _world!.FreeSlots++;
        LoadNext();
        if (_world.Position == 0)
        {
            Context.System.EventStream.Publish(done.Step);
        }
    }

    private void OnLoopEnded(LoopEnded ended)
    {
        _ended = ended;
        ReportStopIfSettled();
    }

    private sealed record Promised(long Generation, WorldReport? Report, IActorRef Asker);

    private sealed record Joined(long Generation, bool IsWhole, JoinReport Report);

    private sealed record Overdue(SectionStanding Standing, TimeSpan Limit);

    private sealed record WorldLost(long Generation, string Message, DateTimeOffset At);

    private sealed record Resend
    {
        public static Resend Instance { get; } = new();
    }
}
