using Olmo.Runtime.Actor;
using Olmo.Runtime.Event;
using Olmo.Runtime.Hosting;
using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Persistence;

/// <summary>
/// An actor whose state is a fold of its journal. It claims its id, replays, and only then handles commands; while events are being written commands wait; a handler of
/// <see cref="Persist{TEvent}"/> runs once its event is durable. A failed write stops the actor, as it is unknown whether the events are there.
/// </summary>
public abstract class Eventsourced : ActorBase, IWithUnboundedStash
{
    private const int ReplayBatch = 1000;

    private readonly PersistenceServices _services;
    private readonly Queue<Invocation> _invocations = new();
    private readonly List<StoredEvent> _batch = [];
    private readonly List<Envelope> _waiting = [];
    private readonly string _instance;
    private JournalClaim? _claim;
    private Phase _phase = Phase.Recovering;
    private long _nextSequenceNr;
    private bool _writing;

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
        Running,
        Persisting,
    }

    /// <summary>Whose events.</summary>
    public abstract string PersistenceId { get; }

    /// <summary>Number of the last event that was replayed or written.</summary>
    public long LastSequenceNr { get; private set; }

    /// <summary>Whether events are being replayed.</summary>
    public bool IsRecovering => _phase is Phase.Recovering;

    /// <inheritdoc />
    public IStash Stash { get; set; } = null!;

    /// <summary>The actor's log.</summary>
    protected ILoggingAdapter Log { get; }

    /// <summary>Writes an event and then calls the handler, with the sender of the command; commands wait meanwhile.</summary>
    public void Persist<TEvent>(TEvent @event, Action<TEvent> handler) => PersistAll([@event], handler);

    /// <summary>Writes events, all or none, and then calls the handler for each in order; commands wait meanwhile.</summary>
    /// <exception cref="InvalidOperationException">Called while events are replayed.</exception>
    public void PersistAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentNullException.ThrowIfNull(handler);
        if (IsRecovering)
        {
            throw new InvalidOperationException("Cannot persist during replay. Events can be persisted when receiving RecoveryCompleted or later.");
        }

        foreach (TEvent @event in events)
        {
            long number = ++_nextSequenceNr;
            try
            {
                (string manifest, byte[] payload) = _services.Codec.Encode(@event!);
                _batch.Add(new StoredEvent(number, manifest, payload));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException or System.Text.Json.JsonException)
            {
                OnPersistRejected(e, @event!, number);
                continue;
            }

            _invocations.Enqueue(new Invocation(number, @event!, o => handler((TEvent)o), Cell.CurrentEnvelope));
        }
    }

    /// <inheritdoc />
    public override void AroundPreStart()
    {
        _claim = new JournalClaim(
            PersistenceId ?? throw new ArgumentException($"[{Self.Path}]: PersistenceId is null"), _services.Fence, _instance);
        Recover(_claim).PipeTo(Self, Self, recovered => recovered, e => new RecoveryFailed(_instance, e));
        base.AroundPreStart();
    }

    /// <inheritdoc />
    public override void AroundPreRestart(Exception cause, object? message)
    {
        ReleaseWaiting();
        base.AroundPreRestart(cause, message);
    }

    /// <inheritdoc />
    public override void AroundPostRestart(Exception cause, object? message)
    {
        _claim = new JournalClaim(PersistenceId, _services.Fence, _instance);
        Recover(_claim).PipeTo(Self, Self, recovered => recovered, e => new RecoveryFailed(_instance, e));
        base.AroundPostRestart(cause, message);
    }

    /// <inheritdoc />
    public override void AroundPostStop()
    {
        ReleaseWaiting();
        base.AroundPostStop();
    }

    /// <inheritdoc />
    protected override bool AroundReceive(Receive receive, object message)
    {
        switch (message)
        {
            case Recovered recovered:
                OnRecovered(recovered);
                return true;
            case RecoveryFailed failed:
                if (failed.Instance == _instance)
                {
                    OnRecoveryFailure(failed.Cause);
                    Context.Stop(Self);
                }

                return true;
            case Written written:
                OnWritten(written);
                return true;
            case WriteFailed failed:
                OnWriteFailed(failed);
                return true;
            default:
                if (_phase is not Phase.Running)
                {
                    _waiting.Add(Cell.CurrentEnvelope);
                    return true;
                }

                bool handled = base.AroundReceive(receive, message);
                Flush();
                return handled;
        }
    }

    /// <summary>Handles a replayed event or <see cref="RecoveryCompleted"/>.</summary>
    protected abstract bool ReceiveRecover(object message);

    /// <summary>A write failed; the actor is stopped afterwards whatever this does.</summary>
    protected virtual void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Log.Error(cause, "Failed to persist event type [{0}] with sequence number [{1}] for persistenceId [{2}]: {3}", @event.GetType().Name, sequenceNr, PersistenceId, cause.Message);

    /// <summary>An event was refused before it was written; its handler is not called and the actor goes on.</summary>
    protected virtual void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        Log.Error(cause, "Rejected to persist event type [{0}] with sequence number [{1}] for persistenceId [{2}]: {3}", @event.GetType().Name, sequenceNr, PersistenceId, cause.Message);

    /// <summary>Recovery failed; the actor is stopped afterwards whatever this does.</summary>
    protected virtual void OnRecoveryFailure(Exception reason, object? message = null) =>
        Log.Error(reason, "Exception in ReceiveRecover when replaying persistenceId [{0}]: {1}", PersistenceId, reason.Message);

    private async Task<Recovered> Recover(JournalClaim claim)
    {
        long highest = await _services.Store.ClaimAsync(claim, CancellationToken.None).ConfigureAwait(false);
        List<(long Number, object Event)> events = [];
        long from = 1;
        while (from <= highest)
        {
            IReadOnlyList<StoredEvent> read = await _services.Store.ReplayAsync(claim.PersistenceId, from, highest, ReplayBatch, CancellationToken.None).ConfigureAwait(false);
            foreach (StoredEvent stored in read)
            {
                events.Add((stored.SequenceNr, _services.Codec.Decode(stored.Manifest, stored.Payload)));
            }

            if (read.Count < ReplayBatch)
            {
                break;
            }

            from = read[^1].SequenceNr + 1;
        }

        return new Recovered(_instance, highest, events);
    }

    private void OnRecovered(Recovered recovered)
    {
        if (recovered.Instance != _instance)
        {
            return;
        }

        try
        {
            foreach ((long number, object happened) in recovered.Events)
            {
                LastSequenceNr = number;
                ReceiveRecover(happened);
            }

            LastSequenceNr = _nextSequenceNr = recovered.Highest;
        }
        catch (Exception e) // whatever a handler threw: half a history is no state
        {
            OnRecoveryFailure(e);
            Context.Stop(Self);
            return;
        }

        _phase = Phase.Running;
        ReceiveRecover(RecoveryCompleted.Instance);
        Flush();
        if (_phase is Phase.Running)
        {
            ReleaseWaiting();
        }
    }

    private void Flush()
    {
        if (_writing || _invocations.Count == 0)
        {
            return;
        }

        _phase = Phase.Persisting;
        _writing = true;
        StoredEvent[] events = [.. _batch];
        _batch.Clear();
        string instance = _instance;
        Store(events).PipeTo(Self, Self, _ => new Written(instance, events[^1].SequenceNr), e => new WriteFailed(instance, e));
    }

    private async Task<bool> Store(StoredEvent[] events)
    {
        await _services.Store.AppendAsync(_claim!, events, CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    private void OnWritten(Written written)
    {
        if (written.Instance != _instance)
        {
            return;
        }

        _writing = false;
        while (_invocations.TryPeek(out Invocation next) && next.SequenceNr <= written.UpTo)
        {
            _invocations.Dequeue();
            LastSequenceNr = next.SequenceNr;
            Cell.WithEnvelope(next.Envelope, next.Event, next.Handle);
        }

        Flush();
        if (_invocations.Count == 0)
        {
            _phase = Phase.Running;
            ReleaseWaiting();
        }
    }

    private void OnWriteFailed(WriteFailed failed)
    {
        if (failed.Instance != _instance)
        {
            return;
        }

        Invocation first = _invocations.Peek();
        OnPersistFailure(failed.Cause, first.Event, first.SequenceNr);
        Context.Stop(Self);
    }

    private void ReleaseWaiting()
    {
        Cell.Mailbox.Prepend(_waiting);
        _waiting.Clear();
    }

    private readonly record struct Invocation(long SequenceNr, object Event, Action<object> Handle, Envelope Envelope);

    private sealed record Recovered(string Instance, long Highest, IReadOnlyList<(long Number, object Event)> Events);

    private sealed record RecoveryFailed(string Instance, Exception Cause);

    private sealed record Written(string Instance, long UpTo);

    private sealed record WriteFailed(string Instance, Exception Cause);
}
