using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <summary>
/// One rank: owns its loader, its compute thread and the writer of its shards. It is nobody's child: the supervisor and the coordinator of checkpoints may
/// die and come back while it goes on stepping; it keeps every unanswered report and sends it again.
/// </summary>
public sealed class RankActor : ReceiveActor, IWithTimers
{
    private readonly RankSettings _settings;
    private readonly IRankEngineFactory _engines;
    private readonly IBatchSource _source;
    private readonly IObjectStore _store;
    private readonly TimeProvider _time;
    private readonly IPhaseProbe _probe;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ComputeThread _compute;
    private readonly SortedDictionary<long, object> _unsettled = [];
    private RankWorld? _world;
    private RankPhase _phase = RankPhase.Idle;
    private RankPrepared? _prepared;
    private RankFailed? _failure;
    private RankFinished? _finished;
    private IActorRef _supervisor = ActorRefs.Nobody;
    private IActorRef _checkpoints = ActorRefs.Nobody;
    private LoopEnded? _ended;

    /// <summary>A rank without a world.</summary>
    public RankActor(RankSettings settings, IRankEngineFactory engines, IBatchSource source, IObjectStore store, TimeProvider time, IPhaseProbe probe)
    {
        _settings = settings;
        _engines = engines;
        _source = source;
        _store = store;
        _time = time;
        _probe = probe;
        _compute = new ComputeThread(Self, "compute");

        Receive<Adopt>(OnAdopt);
        Receive<Prepare>(OnPrepare);
        Receive<FormWorld>(OnFormWorld);
        Receive<Train>(OnTrain, m => IsCurrent(m.Generation));
        Receive<StopAtBoundary>(_ => _world!.Loop?.StopAtBoundary(), m => IsCurrent(m.Generation));
        Receive<Abort>(m => Leave(m.Reason), m => IsCurrent(m.Generation));
        Receive<Finish>(OnFinish, m => IsCurrent(m.Generation));

        Receive<RankReady>(OnReady, m => IsCurrent(m.Generation));
        Receive<StepDone>(OnStepDone, m => IsCurrent(m.Generation));
        Receive<StateStaged>(m => _checkpoints.Tell(new BeginCheckpoint(_world!.Timeline, m.Step, m.Generation)), m => IsCurrent(m.Generation));
        Receive<LoopEnded>(OnLoopEnded, m => IsCurrent(m.Generation));
        Receive<RankFinished>(OnFinished, m => IsCurrent(m.Generation));
        Receive<RankFailed>(m => Fail(m), m => IsCurrent(m.Generation));
        Receive<ComputeAborted>(_ => { });

        Receive<BatchLoaded>(_ => OnBatchLoaded(), _ => IsOwnLoader());
        Receive<LoaderRestarted>(OnLoaderRestarted, _ => IsOwnLoader());
        Receive<Terminated>(OnLoaderGone);

        Receive<ShardsStored>(OnShardsStored);
        Receive<ShardsFailed>(OnShardsFailed);
        Receive<CheckpointFailed>(OnCheckpointFailed);
        Receive<CheckpointSettled>(OnSettled);
        Receive<Resend>(_ => SendUnsettled());
        Receive<GetRankStatus>(_ => Sender.Tell(new RankStatus(
            _phase, _world?.Generation ?? 0, _world?.Step ?? 0, _world?.TotalSteps ?? 0, [.. _unsettled.Keys], _world?.LastSettled?.Step, _ended?.Step,
            _world?.NextToLoad ?? 0, _world?.FreeSlots ?? 0, _world?.Loading ?? false)));

        // A message of an older generation has no effect.
        Receive<Train>(Stale);
        Receive<StopAtBoundary>(Stale);
        Receive<Abort>(Stale);
        Receive<Finish>(Stale);
        Receive<RankReady>(Stale);
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
        new OneForOneStrategy(_settings.MaxLoaderRestarts, _settings.LoaderWindow, _ => Directive.Restart);

    /// <inheritdoc />
    protected override void PreStart() =>
        Timers.StartPeriodicTimer(nameof(Resend), Resend.Instance, _settings.ResendAfter);

    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object? message)
    {
        if (_world is { } world)
        {
            _supervisor.Tell(new RankFailed(world.Generation, FaultKind.Compute, $"the rank's actor failed: {reason.Message}", world.Step, null, reason));
        }

        base.PreRestart(reason, message);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _world?.Leave();
        _compute.Dispose();
        _world?.Dispose();
    }

    private bool IsCurrent(long generation) => _world is { } world && world.Generation == generation;

    private bool IsOwnLoader() => _world is { } world && Sender.Equals(world.Loader);

    private void Stale(object message) => _log.Debug("{0} of an older generation has no effect", message.GetType().Name);

    private void OnAdopt(Adopt adopt)
    {
        _supervisor = adopt.Supervisor;
        _checkpoints = adopt.Checkpoints;
        Sender.Tell(new RankReport(_settings.RankId, _world?.Generation ?? 0, _world?.Timeline ?? 0, _phase, _world?.Step ?? 0, _failure, _finished));
        SendUnsettled();
        ReportStopIfSettled();
    }

    private void OnPrepare(Prepare prepare)
    {
        if (_prepared is { } former && former.Report.Generation == prepare.Generation)
        {
            Sender.Tell(former); // asked again
            return;
        }

        if (prepare.Generation <= Promised)
        {
            Stale(prepare);
            return;
        }

        if (_world is not null)
        {
            Leave("a new generation");
        }

        _prepared = new RankPrepared(WorldReport.Spare(_settings.RankId, prepare.Generation), "");
        Sender.Tell(_prepared);
    }

    private long Promised => Math.Max(_prepared?.Report.Generation ?? 0, _world?.Generation ?? 0);

    private void OnFormWorld(FormWorld form)
    {
        long generation = form.Plan.Generation;
        if (generation < Promised || generation == _world?.Generation)
        {
            Stale(form);
            return;
        }

        if (_world is not null)
        {
            Leave("a new generation");
        }

        _supervisor = Sender;
        _checkpoints = form.Checkpoints;
        _failure = null;
        _finished = null;
        _ended = null;
        _unsettled.Clear();
        _phase = RankPhase.Loading;
        RankWorld world = new(form, _engines, _source, _store, _settings, _time, _probe, Self);
        _world = world;
        IActorRef self = Self;
        int rank = _settings.RankId;
        _compute.Enqueue(generation, () => form.Plan.StateStep, () =>
        {
            world.Form(form.Plan.Manifest, _store);
            self.Tell(new RankReady(generation, world.Step, rank), ActorRefs.NoSender);
        });
    }

    private void OnReady(RankReady ready)
    {
        _phase = RankPhase.Ready;
        RankWorld world = _world!;
        world.Loader = Context.ActorOf(Props.Create(() => new BatchLoader(_source, world.Queue)), $"loader-{ready.Generation}");
        Context.Watch(world.Loader);
        _supervisor.Tell(ready);
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
        _compute.Enqueue(train.Generation, () => world.Step, world.Train);
    }

    private void OnStepDone(StepDone done)
    {
        _world!.FreeSlots++;
        LoadNext();
        Context.System.EventStream.Publish(done.Step);
    }

    private void OnBatchLoaded()
    {
        _world!.Loading = false;
        _world.NextToLoad++;
        LoadNext();
    }

    private void OnLoaderRestarted(LoaderRestarted restarted)
    {
        _log.Warning("the loader was restarted and reads step {0} again: {1}", _world!.NextToLoad, restarted.Reason);
        _world.Loading = false;
        _world.FreeSlots++;
        LoadNext();
    }

    private void LoadNext()
    {
        RankWorld world = _world!;
        if (!world.Loading && world.FreeSlots > 0 && world.NextToLoad <= world.TotalSteps && world.Loader is { } loader)
        {
            world.Loading = true;
            world.FreeSlots--;
            loader.Tell(new LoadBatch(world.NextToLoad));
        }
    }

    private void OnLoaderGone(Terminated gone)
    {
        if (_world is { } world && gone.ActorRef.Equals(world.Loader) && _phase is RankPhase.Ready or RankPhase.Training)
        {
            Fail(new RankFailed(
                world.Generation, FaultKind.Loader, $"step {world.NextToLoad} cannot be read, {_settings.MaxLoaderRestarts} restarts of the loader did not help", world.NextToLoad));
        }
    }

    private void OnLoopEnded(LoopEnded ended)
    {
        _ended = ended;
        ReportStopIfSettled();
    }

    private void OnFinish(Finish finish)
    {
        if (_phase is RankPhase.Finishing)
        {
            return;
        }

        _phase = RankPhase.Finishing;
        RankWorld world = _world!;
        IActorRef self = Self;
        _probe.Reached(Phases.Finish, world.Step);
        _compute.Enqueue(finish.Generation, () => world.Step, () =>
        {
            FinishReport report = world.Finish();
            self.Tell(
                new RankFinished(finish.Generation, world.Step, report.WeightsSha256, report.HeldOutLoss, report.HeldOutTokens, report.ModelFolder), ActorRefs.NoSender);
        });
    }

    private void OnFinished(RankFinished finished)
    {
        _finished = finished;
        _supervisor.Tell(finished);
    }

    private void OnShardsStored(ShardsStored stored)
    {
        _unsettled[stored.Step] = stored;
        _checkpoints.Tell(stored);
    }

    private void OnShardsFailed(ShardsFailed failed)
    {
        OnCheckpointFailed(new CheckpointFailed(failed.Timeline, failed.Step, failed.Generation, failed.Cause.Message));
        bool mustExist = IsCurrent(failed.Generation) && (_ended?.Step == failed.Step || failed.Step == _world!.TotalSteps);
        if (mustExist)
        {
            Fail(new RankFailed(failed.Generation, FaultKind.StorageFull, failed.Cause.Message, failed.Step, null, failed.Cause));
        }
    }

    private void OnCheckpointFailed(CheckpointFailed failed)
    {
        _unsettled[failed.Step] = failed;
        _checkpoints.Tell(failed);
    }

    private void OnSettled(CheckpointSettled settled)
    {
        if (_unsettled.Remove(settled.Step) && !settled.IsCommitted)
        {
            _log.Warning("step {0} was not committed: {1}", settled.Step, settled.Detail);
        }

        _world?.Settled(settled);
        ReportStopIfSettled();
    }

    private void ReportStopIfSettled()
    {
        if (_ended is { } ended && _world is { } world && world.LastSettled is { } settled && settled.Step == ended.Step)
        {
            _phase = RankPhase.Stopped;
            _supervisor.Tell(new RankStopped(ended.Generation, ended.Step, ended.IsComplete, settled, _settings.RankId));
        }
    }

    private void SendUnsettled()
    {
        foreach (object report in _unsettled.Values)
        {
            _checkpoints.Tell(report);
        }
    }

    private void Fail(RankFailed failed)
    {
        if (_phase is RankPhase.Failed)
        {
            return;
        }

        _log.Error(failed.Cause, "rank failed at step {0}: {1}", failed.Step, failed.Message);
        Leave(failed.Message);
        _phase = RankPhase.Failed;
        _failure = failed;
        _supervisor.Tell(failed with { RankId = _settings.RankId });
    }

    private void Leave(string reason)
    {
        RankWorld world = _world!;
        if (!world.Leave())
        {
            return;
        }

        _log.Debug("generation {0} is left: {1}", world.Generation, reason);
        if (world.Loader is { } loader)
        {
            Context.Unwatch(loader);
            Context.Stop(loader);
        }

        _phase = RankPhase.Idle;
        _compute.Enqueue(world.Generation, () => 0, world.Dispose); // after the aborted work has ended
    }

    private sealed record Resend
    {
        public static Resend Instance { get; } = new();
    }
}
