using System.Text.Json;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Persistence;

public abstract partial class Eventsourced
{
    private readonly Queue<PendingInvocation> _pending = new();
    private readonly List<StoredEvent> _batch = [];
    private long _written;
    private int _stashing;
    private bool _writing;

    /// <summary>Writes an event and then calls the handler, with the sender of the command; commands wait meanwhile.</summary>
    /// <exception cref="InvalidOperationException">Called before <see cref="RecoveryCompleted"/>.</exception>
    public void Persist<TEvent>(TEvent @event, Action<TEvent> handler) => Collect([@event], handler, stashes: true);

    /// <summary>Writes events, all or none, and then calls the handler for each in order; commands wait meanwhile. If one is refused, all are.</summary>
    /// <exception cref="InvalidOperationException">Called before <see cref="RecoveryCompleted"/>.</exception>
    public void PersistAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler) => Collect(events, handler, stashes: true);

    /// <summary>As <see cref="Persist{TEvent}"/>, but commands are handled meanwhile.</summary>
    /// <exception cref="InvalidOperationException">Called before <see cref="RecoveryCompleted"/>.</exception>
    public void PersistAsync<TEvent>(TEvent @event, Action<TEvent> handler) => Collect([@event], handler, stashes: false);

    /// <summary>As <see cref="PersistAll{TEvent}"/>, but commands are handled meanwhile.</summary>
    /// <exception cref="InvalidOperationException">Called before <see cref="RecoveryCompleted"/>.</exception>
    public void PersistAllAsync<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler) => Collect(events, handler, stashes: false);

    /// <summary>Calls the handler after those of everything persisted before; nothing is written. At once where nothing is.</summary>
    /// <exception cref="InvalidOperationException">Called before <see cref="RecoveryCompleted"/>.</exception>
    public void DeferAsync<TEvent>(TEvent evt, Action<TEvent> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        RequireRecovered();
        if (_pending.Count == 0)
        {
            handler(evt);
            return;
        }

        _pending.Enqueue(new PendingInvocation(0, evt!, o => handler((TEvent)o), Cell.CurrentEnvelope, Stashes: false, Rejected: null));
    }

    /// <summary>Saves a state that holds every event up to <see cref="SnapshotSequenceNr"/>; the answer comes as a message.</summary>
    public void SaveSnapshot(object snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        DateTimeOffset at = Time.GetUtcNow();
        SnapshotMetadata metadata = new(PersistenceId, SnapshotSequenceNr, at.UtcDateTime);
        Call(() =>
        {
            (string manifest, byte[] payload) = _services.Codec.Encode(snapshot);
            return _services.Store.SaveSnapshotAsync(_claim!, new StoredSnapshot(metadata.SequenceNr, at, manifest, payload), CancellationToken.None);
        }).PipeTo(Self, Self, () => new SaveSnapshotSuccess(metadata), e => new SaveSnapshotFailure(metadata, e));
    }

    /// <summary>Deletes the events up to a number; the answer comes as a message.</summary>
    public void DeleteMessages(long toSequenceNr)
    {
        if (toSequenceNr > LastSequenceNr)
        {
            Self.Tell(new DeleteMessagesFailure(new InvalidOperationException($"toSequenceNr [{toSequenceNr}] must be at most the last sequence number [{LastSequenceNr}]"), toSequenceNr), Self);
            return;
        }

        Call(() => _services.Store.DeleteEventsAsync(_claim!, toSequenceNr, CancellationToken.None))
            .PipeTo(Self, Self, () => new DeleteMessagesSuccess(toSequenceNr), e => new DeleteMessagesFailure(e, toSequenceNr));
    }

    /// <summary>Deletes the snapshot of a number; the answer comes as a message.</summary>
    public void DeleteSnapshot(long sequenceNr)
    {
        SnapshotMetadata metadata = new(PersistenceId, sequenceNr);
        Call(() => _services.Store.DeleteSnapshotsAsync(_claim!, new SnapshotRange(sequenceNr, sequenceNr), CancellationToken.None))
            .PipeTo(Self, Self, () => new DeleteSnapshotSuccess(metadata), e => new DeleteSnapshotFailure(metadata, e));
    }

    /// <summary>Deletes snapshots; the answer comes as a message.</summary>
    public void DeleteSnapshots(SnapshotSelectionCriteria criteria)
    {
        ArgumentNullException.ThrowIfNull(criteria);
        Call(() => _services.Store.DeleteSnapshotsAsync(_claim!, criteria.Range(long.MaxValue), CancellationToken.None))
            .PipeTo(Self, Self, () => new DeleteSnapshotsSuccess(criteria), e => new DeleteSnapshotsFailure(criteria, e));
    }

    /// <summary>A store, or a codec, that throws instead of failing its task must not fail the handler: the outcome is a message either way.</summary>
    private static Task Call(Func<Task> call)
    {
        try
        {
            return call();
        }
        catch (Exception e) // handed on as the outcome
        {
            return Task.FromException(e);
        }
    }

    private static bool IsRejection(Exception e) => e is ArgumentException or NotSupportedException or JsonException;

    private void RequireRecovered()
    {
        if (IsRecovering)
        {
            throw new InvalidOperationException("Cannot persist during replay. Events can be persisted when receiving RecoveryCompleted or later.");
        }
    }

    private void Collect<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler, bool stashes)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentNullException.ThrowIfNull(handler);
        RequireRecovered();
        List<(long Number, TEvent Event)> collected = [];
        List<StoredEvent> stored = [];
        Exception? rejected = null;
        foreach (TEvent @event in events)
        {
            collected.Add((++_nextSequenceNr, @event));
            try
            {
                (string manifest, byte[] payload) = _services.Codec.Encode(@event!);
                stored.Add(new StoredEvent(_nextSequenceNr, manifest, payload));
            }
            catch (Exception e) when (IsRejection(e))
            {
                rejected ??= e;
            }
        }

        if (rejected is null)
        {
            _batch.AddRange(stored);
        }

        foreach ((long number, TEvent @event) in collected)
        {
            _stashing += stashes ? 1 : 0;
            _pending.Enqueue(new PendingInvocation(number, @event!, o => handler((TEvent)o), Cell.CurrentEnvelope, stashes, rejected));
        }
    }

    /// <summary>After a command or a handler, also one that failed: writes what was collected, runs what needs no write, and lets the next command in.</summary>
    private void AfterHandlers()
    {
        Flush();
        RunDue();
        Settle();
    }

    private void Flush()
    {
        if (_writing || _batch.Count == 0)
        {
            return;
        }

        _writing = true;
        StoredEvent[] events = [.. _batch];
        _batch.Clear();
        string instance = _instance;
        Call(() => _services.Store.AppendAsync(_claim!, events, CancellationToken.None)).PipeTo(Self, Self, () => new EventsWritten(instance, events[^1].SequenceNr), e => new WriteFailed(instance, e));
    }

    private void OnWritten(EventsWritten written)
    {
        _writing &= written.UpTo <= _written;
        _written = Math.Max(_written, written.UpTo);
        Flush();
        RunDue();
        Settle();
    }

    /// <summary>Runs handlers in call order up to the first whose event is not durable.</summary>
    private void RunDue()
    {
        while (_pending.TryPeek(out PendingInvocation? next) && (next.SequenceNr <= _written || next.Rejected is not null))
        {
            _pending.Dequeue();
            _stashing -= next.Stashes ? 1 : 0;
            LastSequenceNr = Math.Max(LastSequenceNr, next.SequenceNr);
            bool done = false;
            try
            {
                Cell.WithEnvelope(next.Envelope, next.Event, next.Rejected is { } cause ? _ => OnPersistRejected(cause, next.Event, next.SequenceNr) : next.Handle);
                done = true;
            }
            finally
            {
                Flush();
                if (!done)
                {
                    // If the supervisor resumes the actor, the others must still run.
                    Settle();
                    Self.Tell(new EventsWritten(_instance, _written), Self);
                }
            }
        }
    }

    private void Settle()
    {
        if (IsRecovering)
        {
            return;
        }

        _phase = _stashing > 0 ? Phase.Persisting : Phase.Processing;
        ReleaseNext();
    }

    private void OnWriteFailed(WriteFailed failed)
    {
        try
        {
            if (_pending.FirstOrDefault(p => p.SequenceNr > _written && p.Rejected is null) is { } first)
            {
                OnPersistFailure(failed.Cause, first.Event, first.SequenceNr);
            }
        }
        finally
        {
            Context.Stop(Self);
        }
    }
}
