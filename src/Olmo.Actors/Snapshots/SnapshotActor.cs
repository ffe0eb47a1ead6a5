using Olmo.Actors.Runs;

namespace Olmo.Actors.Snapshots;

/// <summary>
/// An event-sourced actor whose state is one record, the fold of its events. Every so many events the state is saved and the snapshots before it are deleted, so that recovery reads
/// the newest snapshot and the events after it, however long the run. Events are never deleted: they are the run's history, and a snapshot that cannot be read costs only time.
/// </summary>
/// <typeparam name="TState">A sealed record with a contract.</typeparam>
/// <typeparam name="TEvent">What its journal holds.</typeparam>
public abstract class SnapshotActor<TState, TEvent> : ReceivePersistentActor
    where TState : class
{
    private readonly Func<TState, TEvent, TState> _apply;
    private readonly int _interval;
    private long _savedAt;

    /// <summary>Recovers by itself; the heir adds its commands.</summary>
    /// <param name="initial">The state before the first event.</param>
    /// <param name="apply">The next state; pure.</param>
    /// <param name="interval">Events between two snapshots, at least 1.</param>
    protected SnapshotActor(TState initial, Func<TState, TEvent, TState> apply, int interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, 1);
        State = initial;
        _apply = apply;
        _interval = interval;

        Recover<SnapshotOffer>(offer =>
        {
            State = (TState)offer.Snapshot;
            _savedAt = offer.Metadata.SequenceNr;
        });
        Recover<TEvent>(happened => State = _apply(State, happened));

        Command<SaveSnapshotSuccess>(saved => DeleteSnapshots(new SnapshotSelectionCriteria(saved.Metadata.SequenceNr - 1)));
        Command<SaveSnapshotFailure>(failed => Log.Warning("no snapshot of event {0}, the next is tried after {1} more: {2}", failed.Metadata.SequenceNr, _interval, failed.Cause.Message));
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteSnapshotsFailure>(failed => Log.Warning("older snapshots stay until the next one: {0}", failed.Cause.Message));
    }

    /// <summary>The fold of every durable event.</summary>
    protected TState State { get; private set; }

    /// <summary>Takes an event that has just become durable into the state; to be called by its handler.</summary>
    protected void Update(TEvent happened)
    {
        State = _apply(State, happened);
        if (LastSequenceNr - _savedAt >= _interval)
        {
            _savedAt = LastSequenceNr;
            SaveSnapshot(State);
        }
    }

    /// <inheritdoc />
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        Context.System.EventStream.Publish(new JournalUnavailable(cause.Message)); // while steps go on nobody else writes
        base.OnPersistFailure(cause, @event, sequenceNr);
    }

    /// <inheritdoc />
    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        Context.System.EventStream.Publish(new JournalUnavailable(reason.Message));
        base.OnRecoveryFailure(reason, message);
    }

    /// <inheritdoc />
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistRejected(cause, @event, sequenceNr);
        Context.Stop(Self); // a lost decision is as bad as a failed write
    }
}
