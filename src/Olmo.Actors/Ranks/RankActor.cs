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
