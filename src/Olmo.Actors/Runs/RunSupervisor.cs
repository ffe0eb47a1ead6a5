using System.Collections.Immutable;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Ranks;
using Olmo.Actors.Snapshots;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Runs;

/// <summary>
/// Supervises one run: decides by <see cref="RunDecisions"/> and <see cref="WorldFormation"/>, journals, then tells. It forms worlds from what survivors hold, else from committed
/// checkpoints, answers failures by the supervision ladder and stops with one typed reason. It is not on the path of a step: a new incarnation adopts ranks that went on stepping.
/// </summary>
public sealed partial class RunSupervisor : SnapshotActor<RunState, RunEvent>, IWithTimers
{
    private readonly RunSupervisorSettings _settings;
    private readonly IObjectStore _store;
    private readonly IActorRef _ranks;
    private readonly TimeProvider _time;
    private readonly RecoveryWatch _watch;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly IActorRef _checkpoints;
    private RunPhase _phase = RunPhase.Recovering;
    private CheckpointCommitted? _newest;
    private object? _awaited;
    private IActorRef _awaitedFrom = ActorRefs.Nobody;
    private Action _afterRejection = () => { };
    private ImmutableArray<int> _there = [];
    private RanksGathered? _gathered;
    private RankFailed? _refused;
    private AuditEnded? _audit;
    private string _reason = "the run starts";

    /// <summary>Supervises a run.</summary>
    /// <param name="settings">What it is told once.</param>
    /// <param name="store">Where checkpoints are.</param>
    /// <param name="ranks">The <see cref="RankSupervisor"/>.</param>
    /// <param name="time">Clock.</param>
    /// <param name="probe">Is told what happens.</param>
    public RunSupervisor(RunSupervisorSettings settings, IObjectStore store, IActorRef ranks, TimeProvider time, IPhaseProbe probe)
        : base(RunState.Initial, RunState.Apply, settings.SnapshotInterval)
    {
        _settings = settings;
        _store = store;
        _ranks = ranks;
        _time = time;
        _watch = new RecoveryWatch(time);
        PersistenceId = $"run/{settings.Run.Name}";
        CheckpointCoordinatorSettings coordinator = new(settings.Run, settings.World.Shards, settings.Recipe.TotalSteps, settings.Checkpoints, settings.SnapshotInterval) { Guards = settings.Guards, AwaitsNeeded = settings.Policy.AuditInterval > 0 };
        _checkpoints = Context.ActorOf(
            BackoffSupervisor.Props(Backoff.OnStop(
                Props.Create(() => new CheckpointCoordinator(coordinator, store, time, probe)), "coordinator",
                TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), 0.2, -1).WithDefaultStoppingStrategy()),
            "checkpoints");

        Recover<RecoveryCompleted>(_ => FindCheckpoint());

        Command<CheckpointFound>(OnCheckpointFound, _ => _phase is RunPhase.Opening or RunPhase.Finding);
        Command<CheckpointFound>(OnBackTo, _ => _phase is RunPhase.RollingBack && _audit is not null);
        Command<CheckpointFound>(OnRollBack, _ => _phase is RunPhase.RollingBack);
        Command<SlowRankFound>(OnSlow, m => IsCurrent(m.Generation) && _phase is RunPhase.Training);
        Command<DiedStaging>(OnDiedStaging, _ => State is { StagesInTurn: false, Stopped: null });
        Command<SumsVoid>(OnSumsVoid, m => IsCurrent(m.Generation));
        Command<AuditEnded>(OnAudit, m => IsCurrent(m.Generation) && State.Stopped is null);
        Command<WorldStanding>(OnStanding, _ => _phase is RunPhase.Adopting);
        Command<RanksGathered>(OnGathered, m => IsCurrent(m.Generation) && _phase is RunPhase.Gathering);
        Command<UnfinishedEnded>(OnUnfinishedEnded, m => IsCurrent(m.Generation) && _phase is RunPhase.Gathering && _gathered?.Generation == m.Generation);
        Command<RanksSpare>(OnSpare, m => IsCurrent(m.Generation) && _phase is RunPhase.Training);
        Command<ManifestRead>(OnManifestRead, m => _phase is RunPhase.Reading && m.Generation == State.Generation);
        Command<ManifestUnreadable>(OnManifestUnreadable, m => _phase is RunPhase.Reading && m.Generation == State.Generation);
        Command<CheckpointIsRejected>(_ => _afterRejection(), _ => _phase is RunPhase.Rejecting);
        Command<RankReady>(OnRankReady, m => IsCurrent(m.Generation) && _phase is RunPhase.Forming);
        Command<RankFailed>(OnRankFailed, m => IsCurrent(m.Generation) && State.Stopped is null);
        Command<RankStopped>(OnRankStopped, m => IsCurrent(m.Generation) && _phase is RunPhase.Training);
        Command<RankFinished>(OnRankFinished, m => IsCurrent(m.Generation) && _phase is RunPhase.Finishing);
        Command<RequestStop>(OnRequestStop);
        Command<CheckpointSettled>(OnSettled);
        Command<GetRunStatus>(_ => Sender.Tell(new RunStatus(State, _newest, _phase.ToString())));
        Command<Resend>(_ => SendAwaited());
        CommandAny(m => _log.Debug("{0} has no effect in phase {1}", m.GetType().Name, _phase));
    }

    /// <inheritdoc />
    public override string PersistenceId { get; }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private bool IsCurrent(long generation) => generation == State.Generation;

    // Rule 13: ranks that run the newest journalled generation are adopted, all of its members; else a new number is taken.
    private void OnStanding(WorldStanding standing)
    {
        bool living = _settings.Guards.Adoption && standing.Generation > 0 && standing.Generation == State.Generation && State.Stopped is null && standing.Members.Order().SequenceEqual(State.Members.Select(m => m.RankId).Order());
        if (!living)
        {
            NextGeneration();
            return;
        }

        Answered();
        _log.Info("the ranks {0} of generation {1} are adopted: {2} at step {3}", string.Join(',', standing.Members), standing.Generation, standing.Phase, standing.Step);
        switch (standing.Phase)
        {
            case RankPhase.Failed:
                _phase = RunPhase.Training;
                OnRankFailed(standing.Failure!);
                break;
            case RankPhase.Loading:
                _phase = RunPhase.Forming;
                break;
            case RankPhase.Ready:
                StartTraining();
                break;
            case RankPhase.Finishing:
                _phase = RunPhase.Finishing;
                if (standing.Finished is { } finished)
                {
                    OnRankFinished(finished);
                }

                break;
            case RankPhase.Training or RankPhase.Stopped:
                _phase = RunPhase.Training; // stopped ranks report their stop again after they were adopted
                break;
            default:
                NextGeneration();
                break;
        }
    }

    private void OnRankReady(RankReady ready)
    {
        StartTraining();
        if (_watch.Ready(ready.Join, _reason) is { } recovered)
        {
            Context.System.EventStream.Publish(recovered);
        }
    }

    private void StartTraining()
    {
        Answered();
        _phase = RunPhase.Training;
        if (State.StagesInTurn)
        {
            _ranks.Tell(new LimitStaging(State.Generation));
        }

        _ranks.Tell(new Train(State.Generation, State.TotalSteps));
    }

    private void Store(RunDecision decision, Action then)
    {
        if (decision.Events.IsEmpty)
        {
            then();
            return;
        }

        RunEvent last = decision.Events[^1];
        PersistAll(decision.Events, e =>
        {
            Publish(e);
            if (!ReferenceEquals(e, last))
            {
                return;
            }

            if (last is RunStopped) // not the state's: an earlier process's stop stands there until the next generation
            {
                Answered();
                _phase = RunPhase.Stopped;
                return;
            }

            then();
        });
    }

    private void Publish(RunEvent happened)
    {
        Update(happened);
        Context.System.EventStream.Publish(new RunEventStored(happened));
        if (happened is AuditPassed or WorldFormed)
        {
            KeepWhatAnAuditMayNeed();
        }
    }

    private void Await(RunPhase phase, object message, IActorRef from, bool resend = true)
    {
        _phase = phase;
        _awaited = message;
        _awaitedFrom = from;
        from.Tell(message);
        if (resend)
        {
            Timers.StartPeriodicTimer(nameof(Resend), Resend.Instance, _settings.RetryAfter);
        }
    }

    private void SendAwaited()
    {
        if (_awaited is { } message)
        {
            _awaitedFrom.Tell(message);
        }
    }

    private void Answered()
    {
        _awaited = null;
        Timers.Cancel(nameof(Resend));
    }

    private enum RunPhase
    {
        Recovering,
        Opening,
        Adopting,
        Gathering,
        Finding,
        RollingBack,
        Rejecting,
        Reading,
        Forming,
        Training,
        Finishing,
        Stopped,
    }

    private sealed record ManifestRead(long Generation, CheckpointManifest Manifest);

    private sealed record ManifestUnreadable(long Generation, string Reason);

    private sealed record Resend
    {
        public static Resend Instance { get; } = new();
    }
}
