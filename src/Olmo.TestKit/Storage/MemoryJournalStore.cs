using Olmo.Runtime.Storage;

namespace Olmo.TestKit.Storage;

/// <summary>A fenced journal in memory that outlives the systems of a test, with a hook that may throw before each write.</summary>
public sealed class MemoryJournalStore : IJournalStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Head> _heads = new(StringComparer.Ordinal);

    /// <summary>Called with the persistence id before each append; throws to inject a failure of the storage.</summary>
    public Action<string>? BeforeAppend { get; set; }

    /// <inheritdoc />
    public Task<long> ClaimAsync(JournalClaim claim, CancellationToken cancellationToken) => Task.Run(() =>
    {
        lock (_lock)
        {
            Head head = HeadOf(claim.PersistenceId);
            if (head.Fence > claim.Fence)
            {
                throw new FencedException(claim.PersistenceId, $"claimed under {head.Fence} by {head.Writer}, this is {claim.Fence}");
            }

            (head.Fence, head.Writer) = (claim.Fence, claim.Writer);
            return head.Highest;
        }
    }, cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredEvent>> ReplayAsync(string persistenceId, long fromSequenceNr, long toSequenceNr, int max, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            IReadOnlyList<StoredEvent> events = [.. HeadOf(persistenceId).Events.Where(e => e.SequenceNr >= fromSequenceNr && e.SequenceNr <= toSequenceNr).Take(max)];
            return Task.FromResult(events);
        }
    }

    /// <inheritdoc />
    public Task AppendAsync(JournalClaim claim, IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken) => Task.Run(() =>
    {
        try
        {
            BeforeAppend?.Invoke(claim.PersistenceId);
        }
        catch (IOException e)
        {
            throw new JournalUnavailableException("append", e);
        }

        lock (_lock)
        {
            Head head = Own(claim);
            if (events[0].SequenceNr <= head.Highest)
            {
                throw new FencedException(claim.PersistenceId, $"number {events[0].SequenceNr} was used before, the highest is {head.Highest}");
            }

            head.Events.AddRange(events);
            head.Highest = events[^1].SequenceNr;
        }
    }, cancellationToken);

    /// <inheritdoc />
    public Task DeleteEventsAsync(JournalClaim claim, long toSequenceNr, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Own(claim).Events.RemoveAll(e => e.SequenceNr <= toSequenceNr);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<StoredSnapshot?> LoadSnapshotAsync(string persistenceId, SnapshotRange range, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(HeadOf(persistenceId).Snapshots.Where(range.Contains).MaxBy(s => s.SequenceNr));
        }
    }

    /// <inheritdoc />
    public Task SaveSnapshotAsync(JournalClaim claim, StoredSnapshot snapshot, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Head head = Own(claim);
            head.Snapshots.RemoveAll(s => s.SequenceNr == snapshot.SequenceNr);
            head.Snapshots.Add(snapshot);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task DeleteSnapshotsAsync(JournalClaim claim, SnapshotRange range, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Own(claim).Snapshots.RemoveAll(range.Contains);
        }

        return Task.CompletedTask;
    }

    /// <summary>Numbers of an id's snapshots, ascending.</summary>
    public IReadOnlyList<long> SnapshotNumbers(string persistenceId)
    {
        lock (_lock)
        {
            return [.. HeadOf(persistenceId).Snapshots.Select(s => s.SequenceNr).Order()];
        }
    }

    private Head HeadOf(string id)
    {
        if (!_heads.TryGetValue(id, out Head? head))
        {
            _heads[id] = head = new Head();
        }

        return head;
    }

    private Head Own(JournalClaim claim)
    {
        Head head = HeadOf(claim.PersistenceId);
        return head.Fence == claim.Fence && head.Writer == claim.Writer
            ? head
            : throw new FencedException(claim.PersistenceId, $"claimed under {head.Fence} by {head.Writer}, this is {claim.Fence} by {claim.Writer}");
    }

    private sealed class Head
    {
        public long Highest { get; set; }

        public long Fence { get; set; }

        public string Writer { get; set; } = "";

        public List<StoredEvent> Events { get; } = [];

        public List<StoredSnapshot> Snapshots { get; } = [];
    }
}
