using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Ranks;

namespace Olmo.Actors.Runs;

/// <summary>
/// Supervises one run: decides by <see cref="RunDecisions"/>, journals, then tells. It forms worlds from committed checkpoints, answers failures by the
/// supervision ladder and stops with one typed reason. It is not on the path of a step: a new incarnation adopts ranks that went on stepping.
/// </summary>
public sealed class RunSupervisor : ReceivePersistentActor, IWithTimers
{
    private readonly RunSupervisorSettings _settings;
    private readonly IObjectStore _store;
    private readonly IActorRef _rank;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly IActorRef _checkpoints;
    private RunState _state = RunState.Initial;
    private RunPhase _phase = RunPhase.Recovering;
    private CheckpointCommitted? _newest;
    private object? _awaited;
    private IActorRef _awaitedFrom = ActorRefs.Nobody;
    private string _reason = "the run starts";

    /// <summary>Supervises a run whose rank lives beside it.</summary>
    public RunSupervisor(RunSupervisorSettings settings, IObjectStore store, IActorRef rank, TimeProvider time, IPhaseProbe probe)
    {
        _settings = settings;
        _store = store;
        _rank = rank;
        _time = time;
        PersistenceId = $"run/{settings.Run.Name}";
        CheckpointCoordinatorSettings coordinator = new(settings.Run, settings.Shards, settings.Recipe.TotalSteps, settings.Checkpoints);
        _checkpoints = Context.ActorOf(
            BackoffSupervisor.Props(Backoff.OnStop(
                Props.Create(() => new CheckpointCoordinator(coordinator, store, time, probe)), "coordinator",
                TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), 0.2, -1).WithDefaultStoppingStrategy()),
            "checkpoints");

        Recover<RunEvent>(e => _state = RunState.Apply(_state, e));
        Recover<RecoveryCompleted>(_ => FindCheckpoint());

        Command<CheckpointFound>(OnCheckpointFound, _ => _phase is RunPhase.Opening or RunPhase.Finding);
        Command<RankReport>(OnRankReport, _ => _phase is RunPhase.Adopting);
        Command<ManifestRead>(OnManifestRead, m => _phase is RunPhase.Reading && m.Generation == _state.Generation);
        Command<ManifestUnreadable>(OnManifestUnreadable, m => _phase is RunPhase.Reading && m.Generation == _state.Generation);
        Command<CheckpointIsRejected>(_ => FindCheckpoint(), _ => _phase is RunPhase.Rejecting);
        Command<RankReady>(OnRankReady, m => IsCurrent(m.Generation) && _phase is RunPhase.Forming);
        Command<RankFailed>(OnRankFailed, m => IsCurrent(m.Generation) && _state.Stopped is null);
        Command<RankStopped>(OnRankStopped, m => IsCurrent(m.Generation) && _phase is RunPhase.Training);
        Command<RankFinished>(OnRankFinished, m => IsCurrent(m.Generation) && _phase is RunPhase.Finishing);
        Command<RequestStop>(OnRequestStop);
        Command<CheckpointSettled>(_ => { });
        Command<GetRunStatus>(_ => Sender.Tell(new RunStatus(_state, _newest, _phase.ToString())));
        Command<Resend>(_ => SendAwaited());
        CommandAny(m => _log.Debug("{0} has no effect in phase {1}", m.GetType().Name, _phase));
    }

    /// <inheritdoc />
    public override string PersistenceId { get; }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        Context.System.EventStream.Publish(new JournalUnavailable(cause.Message));
        base.OnPersistFailure(cause, @event, sequenceNr);
    }

    /// <inheritdoc />
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistRejected(cause, @event, sequenceNr);
        Context.Stop(Self); // a lost decision is as bad as a failed write
    }

    /// <inheritdoc />
    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        Context.System.EventStream.Publish(new JournalUnavailable(reason.Message));
        base.OnRecoveryFailure(reason, message);
    }

    private bool IsCurrent(long generation) => generation == _state.Generation;

    private void FindCheckpoint()
    {
        if (_phase is RunPhase.Recovering)
        {
            Context.System.EventStream.Publish(new JournalAvailable());
            Await(RunPhase.Opening, new FindCheckpoint(_state.Timeline, BranchedAt), _checkpoints);
            return;
        }

        Await(RunPhase.Finding, new FindCheckpoint(_state.Timeline, BranchedAt), _checkpoints);
    }

    private long BranchedAt => _state.Timeline == 0 ? long.MaxValue : _state.TimelineFrom;

    private void OnCheckpointFound(CheckpointFound found)
    {
        _newest = found.Newest;
        if (found.Newest is null && found.EverCommitted)
        {
            Store(RunDecisions.Stop(
                StopReason.NoReadableCheckpoint, "checkpoints were committed, but none of them can be read; the bad files were set aside", 0), () => { });
            return;
        }

        if (_phase is RunPhase.Finding)
        {
            NextGeneration();
            return;
        }

        if (_state.Stopped is { Reason: StopReason.Completed } completed && SettingsChange.Between(_state.NumericSettings, _settings.Recipe.NumericSettings).Count == 0)
        {
            _phase = RunPhase.Stopped;
            Context.System.EventStream.Publish(new RunEventStored(completed));
            return;
        }

        RunDecision open = RunDecisions.Open(_state, _settings.Recipe, _settings.AcceptNewTimeline, _newest?.Step ?? 0);
        Store(open, () => Await(RunPhase.Adopting, new Adopt(Self, _checkpoints), _rank));
    }

    private void OnRankReport(RankReport report)
    {
        bool living = report.Generation > 0 && report.Generation == _state.Generation && _state.Stopped is null;
        if (!living)
        {
            NextGeneration();
            return;
        }

        Answered();
        _log.Info("the rank of generation {0} is adopted: {1} at step {2}", report.Generation, report.Phase, report.Step);
        switch (report.Phase)
        {
            case RankPhase.Failed:
                _phase = RunPhase.Training;
                OnRankFailed(report.Failure!);
                break;
            case RankPhase.Loading:
                _phase = RunPhase.Forming;
                break;
            case RankPhase.Ready:
                StartTraining();
                break;
            case RankPhase.Finishing:
                _phase = RunPhase.Finishing;
                if (report.Finished is { } finished)
                {
                    OnRankFinished(finished);
                }

                break;
            case RankPhase.Training or RankPhase.Stopped:
                _phase = RunPhase.Training; // a stopped rank reports its stop again after Adopt
                break;
            default:
                NextGeneration();
                break;
        }
    }

    private void NextGeneration()
    {
        Answered();
        Store(RunDecisions.StartGeneration(_state, _settings.Run.Token, _newest?.Step ?? 0, _reason), ReadManifest);
    }

    private void ReadManifest()
    {
        long generation = _state.Generation;
        if (_newest is not { } newest)
        {
            Await(RunPhase.Forming, new FormWorld(generation, _state.Timeline, null, _checkpoints), _rank);
            return;
        }

        _phase = RunPhase.Reading;
        Task.Run(() => ManifestFile.Read(_store, newest)).PipeTo(
            Self,
            success: manifest => new ManifestRead(generation, manifest),
            failure: e => new ManifestUnreadable(generation, e.Message));
    }

    private void OnManifestRead(ManifestRead read) =>
        Await(RunPhase.Forming, new FormWorld(read.Generation, _state.Timeline, read.Manifest, _checkpoints), _rank);

    private void OnManifestUnreadable(ManifestUnreadable unreadable) => Reject(_newest!.Step, _newest.Manifest, unreadable.Reason);

    private void Reject(long step, string file, string reason)
    {
        _reason = $"the checkpoint of step {step} cannot be read: {reason}";
        _log.Error(_reason);
        CheckpointCommitted bad = _newest!;
        Await(RunPhase.Rejecting, new RejectCheckpoint(bad.Timeline, bad.Step, file, reason), _checkpoints);
    }

    private void OnRankReady(RankReady ready) => StartTraining();

    private void StartTraining()
    {
        Answered();
        _phase = RunPhase.Training;
        _rank.Tell(new Train(_state.Generation, _state.TotalSteps));
    }

    private void OnRankFailed(RankFailed failed)
    {
        Answered();
        if (_state.Stopping)
        {
            StopReason why = failed.Kind is FaultKind.StorageFull ? StopReason.StorageFull : StopReason.Preempted;
            Store(RunDecisions.Stop(why, $"stopped on request; no checkpoint of the last steps: {failed.Message}", _newest?.Step ?? 0), () => { });
            return;
        }

        RunDecision decision = RunDecisions.RankFailed(
            _state, _settings.Policy, failed.Generation, failed.Kind, failed.Message, failed.Step, _time.GetUtcNow());
        Store(decision, () =>
        {
            _reason = decision.Reason;
            if (failed.Kind is FaultKind.UnreadableCheckpoint && failed.BadFile is { } file && _newest is not null)
            {
                Reject(failed.Step, file, failed.Message);
                return;
            }

            FindCheckpoint();
        });
    }

    private void OnRankStopped(RankStopped stopped)
    {
        if (stopped.IsComplete && stopped.Checkpoint.IsCommitted)
        {
            Await(RunPhase.Finishing, new Finish(_state.Generation), _rank, resend: false);
            return;
        }

        RunDecision decision = stopped.Checkpoint.IsCommitted
            ? RunDecisions.Stop(StopReason.Preempted, "stopped on request; the same command goes on", stopped.Step)
            : RunDecisions.Stop(StopReason.StorageFull, $"step {stopped.Step} could not be committed: {stopped.Checkpoint.Detail}", stopped.Step);
        Store(decision, () => { });
    }

    private void OnRankFinished(RankFinished finished)
    {
        Answered();
        Context.System.EventStream.Publish(finished);
        Store(RunDecisions.Stop(StopReason.Completed, finished.WeightsSha256, finished.Step), () => { });
    }

    private void OnRequestStop(RequestStop request)
    {
        if (_state.Stopped is not null && _phase is RunPhase.Stopped)
        {
            return;
        }

        if (_phase is RunPhase.Training)
        {
            Persist(new StopRequested(request.By, _time.GetUtcNow()), e =>
            {
                Update(e);
                _rank.Tell(new StopAtBoundary(_state.Generation));
            });
            return;
        }

        _rank.Tell(new Abort(_state.Generation, $"stop requested by {request.By}"));
        Answered();
        Store(RunDecisions.Stop(StopReason.Preempted, "stopped on request; the same command goes on", _newest?.Step ?? 0), () => { });
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
            Update(e);
            if (!ReferenceEquals(e, last))
            {
                return;
            }

            if (_state.Stopped is not null)
            {
                Answered();
                _phase = RunPhase.Stopped;
                return;
            }

            then();
        });
    }

    private void Update(RunEvent happened)
    {
        _state = RunState.Apply(_state, happened);
        Context.System.EventStream.Publish(new RunEventStored(happened));
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
        Finding,
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
