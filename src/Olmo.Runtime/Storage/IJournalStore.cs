namespace Olmo.Runtime.Storage;

/// <summary>
/// Journal and snapshots of event-sourced actors. Every write is fenced: it succeeds only for the writer that claimed the persistence id last, under a fence that no higher one has
/// replaced. A method's task fails with <see cref="FencedException"/> for that, and with <see cref="JournalUnavailableException"/> for every failure of the storage; after the latter
/// it is unknown whether the write happened, and only a replay tells. No method blocks its caller's thread on the storage.
/// </summary>
public interface IJournalStore
{
    /// <summary>
    /// Takes a persistence id over, before anything is read in recovery: from here on no write of an earlier writer can land.
    /// </summary>
    /// <returns>The highest sequence number ever used for the id; 0 for a new one.</returns>
    /// <exception cref="FencedException">A higher fence has claimed the id.</exception>
    Task<long> ClaimAsync(JournalClaim claim, CancellationToken cancellationToken);

    /// <summary>Events of an id in the order of their numbers, from <paramref name="fromSequenceNr"/> to <paramref name="toSequenceNr"/>, both included, at most <paramref name="max"/>.</summary>
    Task<IReadOnlyList<StoredEvent>> ReplayAsync(string persistenceId, long fromSequenceNr, long toSequenceNr, int max, CancellationToken cancellationToken);

    /// <summary>Appends events in one transaction: all or none. Their numbers ascend and are higher than every number used before.</summary>
    Task AppendAsync(JournalClaim claim, IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken);

    /// <summary>Deletes events up to a number; the numbers stay used.</summary>
    Task DeleteEventsAsync(JournalClaim claim, long toSequenceNr, CancellationToken cancellationToken);

    /// <summary>The newest snapshot of a range, or null.</summary>
    Task<StoredSnapshot?> LoadSnapshotAsync(string persistenceId, SnapshotRange range, CancellationToken cancellationToken);

    /// <summary>Writes a snapshot; one of the same number is replaced.</summary>
    Task SaveSnapshotAsync(JournalClaim claim, StoredSnapshot snapshot, CancellationToken cancellationToken);

    /// <summary>Deletes the snapshots of a range.</summary>
    Task DeleteSnapshotsAsync(JournalClaim claim, SnapshotRange range, CancellationToken cancellationToken);
}
