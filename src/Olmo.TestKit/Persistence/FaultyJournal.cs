using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Persistence.TestKit;

/// <summary>
/// A journal around another that passes, delays, fails or commits and then reports a failure, as set for each kind of operation; a behaviour is asked for every call, in call order.
/// Rejections come from the codec: <see cref="RejectingCodec"/>.
/// </summary>
public sealed class FaultyJournal(IJournalStore inner) : IJournalStore
{
    /// <summary>For appends; the events are those of the request.</summary>
    public JournalBehavior OnWrite { get; set; } = JournalBehavior.Pass;

    /// <summary>For claims and replays.</summary>
    public JournalBehavior OnRecovery { get; set; } = JournalBehavior.Pass;

    /// <summary>For deleting events.</summary>
    public JournalBehavior OnDelete { get; set; } = JournalBehavior.Pass;

    public JournalBehavior OnSnapshotSave { get; set; } = JournalBehavior.Pass;

    public JournalBehavior OnSnapshotLoad { get; set; } = JournalBehavior.Pass;

    public JournalBehavior OnSnapshotDelete { get; set; } = JournalBehavior.Pass;

    public Task<long> ClaimAsync(JournalClaim claim, CancellationToken cancellationToken) =>
        OnRecovery.RunAsync("claim", [], () => inner.ClaimAsync(claim, cancellationToken));

    public Task<IReadOnlyList<StoredEvent>> ReplayAsync(string persistenceId, long fromSequenceNr, long toSequenceNr, int max, CancellationToken cancellationToken) =>
        OnRecovery.RunAsync("replay", [], () => inner.ReplayAsync(persistenceId, fromSequenceNr, toSequenceNr, max, cancellationToken));

    public Task AppendAsync(JournalClaim claim, IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken) =>
        OnWrite.RunAsync("append", events, () => inner.AppendAsync(claim, events, cancellationToken));

    public Task DeleteEventsAsync(JournalClaim claim, long toSequenceNr, CancellationToken cancellationToken) =>
        OnDelete.RunAsync("delete events", [], () => inner.DeleteEventsAsync(claim, toSequenceNr, cancellationToken));

    public Task<StoredSnapshot?> LoadSnapshotAsync(string persistenceId, SnapshotRange range, CancellationToken cancellationToken) =>
        OnSnapshotLoad.RunAsync("load snapshot", [], () => inner.LoadSnapshotAsync(persistenceId, range, cancellationToken));

    public Task SaveSnapshotAsync(JournalClaim claim, StoredSnapshot snapshot, CancellationToken cancellationToken) =>
        OnSnapshotSave.RunAsync("save snapshot", [], () => inner.SaveSnapshotAsync(claim, snapshot, cancellationToken));

    public Task DeleteSnapshotsAsync(JournalClaim claim, SnapshotRange range, CancellationToken cancellationToken) =>
        OnSnapshotDelete.RunAsync("delete snapshots", [], () => inner.DeleteSnapshotsAsync(claim, range, cancellationToken));
}
