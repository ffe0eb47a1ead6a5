namespace Olmo.Runtime.Storage;

/// <summary>
/// A journal behind circuit breakers, one for events and one for snapshots, shared by all actors: when the storage hangs or is gone, callers get a
/// <see cref="JournalUnavailableException"/> at once instead of waiting in a queue. A call that timed out may still happen: only a replay tells.
/// </summary>
public sealed class GuardedJournalStore : IJournalStore
{
    private readonly IJournalStore _inner;
    private readonly StorageBreaker _events;
    private readonly StorageBreaker _snapshots;

    /// <summary>Guards a journal.</summary>
    public GuardedJournalStore(IJournalStore inner, TimeProvider time, BreakerSettings? events = null, BreakerSettings? snapshots = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(time);
        _inner = inner;
        _events = new StorageBreaker(events ?? BreakerSettings.Journal, time);
        _snapshots = new StorageBreaker(snapshots ?? BreakerSettings.Snapshots, time);
    }

    /// <inheritdoc />
    public Task<long> ClaimAsync(JournalClaim claim, CancellationToken cancellationToken) =>
        _events.CallAsync("claim", () => _inner.ClaimAsync(claim, cancellationToken));

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredEvent>> ReplayAsync(string persistenceId, long fromSequenceNr, long toSequenceNr, int max, CancellationToken cancellationToken) =>
        _events.CallAsync("replay", () => _inner.ReplayAsync(persistenceId, fromSequenceNr, toSequenceNr, max, cancellationToken));

    /// <inheritdoc />
    public Task AppendAsync(JournalClaim claim, IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken) =>
        _events.CallAsync("append", () => Unit(_inner.AppendAsync(claim, events, cancellationToken)));

    /// <inheritdoc />
    public Task DeleteEventsAsync(JournalClaim claim, long toSequenceNr, CancellationToken cancellationToken) =>
        _events.CallAsync("delete events", () => Unit(_inner.DeleteEventsAsync(claim, toSequenceNr, cancellationToken)));

    /// <inheritdoc />
    public Task<StoredSnapshot?> LoadSnapshotAsync(string persistenceId, SnapshotRange range, CancellationToken cancellationToken) =>
        _snapshots.CallAsync("load snapshot", () => _inner.LoadSnapshotAsync(persistenceId, range, cancellationToken));

    /// <inheritdoc />
    public Task SaveSnapshotAsync(JournalClaim claim, StoredSnapshot snapshot, CancellationToken cancellationToken) =>
        _snapshots.CallAsync("save snapshot", () => Unit(_inner.SaveSnapshotAsync(claim, snapshot, cancellationToken)));

    /// <inheritdoc />
    public Task DeleteSnapshotsAsync(JournalClaim claim, SnapshotRange range, CancellationToken cancellationToken) =>
        _snapshots.CallAsync("delete snapshots", () => Unit(_inner.DeleteSnapshotsAsync(claim, range, cancellationToken)));

    private static async Task<bool> Unit(Task task)
    {
        await task.ConfigureAwait(false);
        return true;
    }
}
