using Olmo.Runtime.Actor;
using Olmo.Runtime.Configuration;
using Olmo.Runtime.Event;
using Olmo.Runtime.Hosting;
using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Persistence;

/// <summary>
/// An actor whose state is a fold of its journal. It claims its id, replays, and only then handles commands; while events are being written commands wait; a handler of
/// <see cref="Persist{TEvent}"/> runs once its event is durable. A failed write stops the actor, as it is unknown whether the events are there.
/// </summary>
public abstract partial class Eventsourced : ActorBase, IWithUnboundedStash
{
    private readonly PersistenceServices _services;
    private readonly string _instance;

    /// <summary>Commands that wait for the recovery or a write, the oldest first.</summary>
    private readonly LinkedList<Envelope> _waiting = new();
    private JournalClaim? _claim;
    private Phase _phase = Phase.Recovering;
    private long _nextSequenceNr;
    private bool _taskRuns;
    private long _releasedAt = -1;

    /// <summary>Made by the runtime alone.</summary>
    /// <exception cref="InvalidOperationException">The system has no journal.</exception>
    protected Eventsourced()
    {
        ActorCell cell = Cell;
        _services = cell.SystemImpl.Options.Extensions.TryGetValue(typeof(PersistenceServices), out object? services)
            ? (PersistenceServices)services
            : throw new InvalidOperationException($"[{cell.Self.Path}] is event-sourced, but the system was made without {nameof(PersistenceServices)}.");
        _instance = $"{_services.Node}/{cell.Self.Path.Uid}/{cell.Incarnation}/{cell.SystemImpl.NextUid()}";
        Log = Logging.GetLogger(cell);
    }

    private enum Phase
    {
        Recovering,
        Processing,
        Persisting,
    }

    /// <summary>Whose events; the same for every incarnation.</summary>
    public abstract string PersistenceId { get; }

    /// <summary>Number of the last event that was replayed, or whose handler has run.</summary>
    public long LastSequenceNr { get; private set; }

    /// <summary>Number that a snapshot taken now has.</summary>
    public long SnapshotSequenceNr => LastSequenceNr;

    /// <summary>Whether the journal is being replayed.</summary>
    public bool IsRecovering => _phase is Phase.Recovering;

    /// <summary>Whether commands are handled.</summary>
    public bool IsRecoveryFinished => !IsRecovering;

    /// <summary>How far to recover.</summary>
    public virtual Recovery Recovery => Recovery.Default;

    /// <summary>What happens to a command that waits when the stash capacity of the Props is used up; without a capacity there is no limit.</summary>
    public virtual IStashOverflowStrategy InternalStashOverflowStrategy => ThrowOverflowExceptionStrategy.Instance;

    /// <inheritdoc />
    public IStash Stash
    {
        get;
        set => field = new WaitingStash(value, _waiting);
    }
    = null!;

    /// <summary>The actor's log.</summary>
    protected virtual ILoggingAdapter Log { get; }

    private Config Settings => Cell.SystemImpl.Settings.Config;

    private TimeProvider Time => Cell.SystemImpl.Options.Time;

    /// <inheritdoc />
    public override void AroundPreStart()
    {
        StartRecovery();
        base.AroundPreStart();
    }

    /// <inheritdoc />
    public override void AroundPreRestart(Exception cause, object? message)
    {
        _session.Close();
        try
        {
            base.AroundPreRestart(cause, message);
        }
        finally
        {
            Stash?.UnstashAll();
            ReleaseAll();
        }
    }

    /// <inheritdoc />
#pragma warning disable CA1725 // Akka.NET names this parameter differently from that of the base class
    public override void AroundPostRestart(Exception reason, object? message)
#pragma warning restore CA1725
    {
        StartRecovery();
        base.AroundPostRestart(reason, message);
    }

    /// <inheritdoc />
    public override void AroundPostStop()
    {
        _session.Close();
        try
        {
            base.AroundPostStop();
        }
        finally
        {
            Stash?.UnstashAll();
            ReleaseAll();
        }
    }

    /// <inheritdoc />
    protected override bool AroundReceive(Receive receive, object message)
    {
        if (message is EventsourcedMessage own)
        {
            if (string.Equals(own.Instance, _instance, StringComparison.Ordinal))
            {
                Advance(own);
            }

            return true;
        }

        if (message is DelayedTermination delayed)
        {
            message = delayed.Terminated;
        }

        if (_phase is not Phase.Processing)
        {
            Wait();
            return true;
        }

        try
        {
            return base.AroundReceive(receive, message);
        }
        finally
        {
            if (!_taskRuns)
            {
                AfterHandlers();
            }
        }
    }

    /// <summary>Handles a snapshot offer, a replayed event or <see cref="RecoveryCompleted"/>.</summary>
    protected abstract bool ReceiveRecover(object message);

    /// <summary>Handles a command.</summary>
    protected abstract bool ReceiveCommand(object message);

    /// <summary>Runs an asynchronous handler: until it ends commands wait; what it persists is written when it ends.</summary>
    protected void RunTask(Func<Task> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        RunningCell.RunTask(async () =>
        {
            _taskRuns = true;
            try
            {
                await action();
            }
            finally
            {
                _taskRuns = false;
                AfterHandlers();
            }
        });
    }

    /// <summary>A write failed; the actor is stopped afterwards whatever this does. It is unknown whether the event is there: only a replay tells.</summary>
    protected virtual void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Log.Error(cause, "Failed to persist event type [{0}] with sequence number [{1}] for persistenceId [{2}]: {3}", @event.GetType().Name, sequenceNr, PersistenceId, cause.Message);

    /// <summary>An event was refused before it was written; its handler is not called, its number is used up and the actor goes on.</summary>
    protected virtual void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        Log.Error(cause, "Rejected to persist event type [{0}] with sequence number [{1}] for persistenceId [{2}]: {3}", @event.GetType().Name, sequenceNr, PersistenceId, cause.Message);

    /// <summary>Recovery failed; the actor is stopped afterwards whatever this does.</summary>
    protected virtual void OnRecoveryFailure(Exception reason, object? message = null) =>
        Log.Error(reason, "Exception when recovering persistenceId [{0}], last known sequence number [{1}], while handling [{2}]: {3}", PersistenceId, LastSequenceNr, message?.GetType().Name ?? "nothing", reason.Message);

    /// <summary>Called after the handler of <see cref="RecoveryCompleted"/>.</summary>
    protected virtual void OnReplaySuccess()
    {
    }

    /// <inheritdoc />
    protected override void Unhandled(object message)
    {
        switch (message)
        {
            case RecoveryCompleted or SaveSnapshotSuccess or DeleteMessagesSuccess or DeleteSnapshotSuccess or DeleteSnapshotsSuccess:
                break;
            case SaveSnapshotFailure or DeleteMessagesFailure or DeleteSnapshotFailure or DeleteSnapshotsFailure:
                Log.Warning("{0} for persistenceId [{1}] is not handled", message, PersistenceId);
                break;
            default:
                base.Unhandled(message);
                break;
        }
    }

    private void Advance(EventsourcedMessage own)
    {
        switch (own)
        {
            case RecoveryOpened opened:
                OnOpened(opened);
                break;
            case RecoveryEvents events:
                OnEvents(events);
                break;
            case RecoveryFailed failed:
                FailRecovery(failed.Cause, null);
                break;
            case EventsWritten written:
                OnWritten(written);
                break;
            case WriteFailed failed:
                OnWriteFailed(failed);
                break;
            default:
                throw new InvalidOperationException($"Unknown message {own.GetType()}.");
        }
    }

    /// <summary>Puts the command off until the recovery or the write is done.</summary>
    private void Wait()
    {
        int capacity = Cell.Props.StashCapacity;
        Envelope envelope = Cell.CurrentEnvelope;
        if (capacity < 0 || _waiting.Count < capacity)
        {
            _waiting.AddLast(envelope);
            return;
        }

        switch (InternalStashOverflowStrategy)
        {
            case DiscardToDeadLetterStrategy:
                Cell.DeadLetter(envelope);
                break;
            case ReplyToStrategy reply:
                Sender.Tell(reply.Response, Self);
                break;
            default:
                throw new StashOverflowException($"{Self} holds {_waiting.Count} commands that wait for the journal; {envelope.Message.GetType().Name} does not fit.");
        }
    }

    /// <summary>Hands out the oldest command that waits; the next follows when it is done. One a turn: a second would come to lie before the first.</summary>
    private void ReleaseNext()
    {
        if (_phase is Phase.Processing && !_taskRuns && _releasedAt != Cell.EnvelopeId && _waiting.First is { } first)
        {
            _releasedAt = Cell.EnvelopeId;
            _waiting.RemoveFirst();
            Cell.Mailbox.Prepend([DelayedTermination.Wrap(first.Value)]);
        }
    }

    private void ReleaseAll()
    {
        Cell.Mailbox.Prepend([.. _waiting.Select(DelayedTermination.Wrap)]);
        _waiting.Clear();
    }
}
