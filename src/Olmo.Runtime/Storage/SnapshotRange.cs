namespace Olmo.Runtime.Storage;

/// <summary>Which snapshots of a persistence id; all bounds are included.</summary>
/// <param name="MaxSequenceNr">Greatest number.</param>
/// <param name="MinSequenceNr">Least number.</param>
/// <param name="Latest">Latest time; null: any.</param>
/// <param name="Earliest">Earliest time; null: any.</param>
public sealed record SnapshotRange(long MaxSequenceNr, long MinSequenceNr = 0, DateTimeOffset? Latest = null, DateTimeOffset? Earliest = null)
{
    /// <summary>Whether a snapshot is in the range.</summary>
    public bool Contains(StoredSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return snapshot.SequenceNr >= MinSequenceNr && snapshot.SequenceNr <= MaxSequenceNr
            && (Latest is not { } latest || snapshot.CreatedAt <= latest) && (Earliest is not { } earliest || snapshot.CreatedAt >= earliest);
    }
}
