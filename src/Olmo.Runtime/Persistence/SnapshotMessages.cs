namespace Olmo.Runtime.Persistence;

/// <summary>Names a snapshot.</summary>
public sealed class SnapshotMetadata
{
    public SnapshotMetadata(string persistenceId, long sequenceNr)
        : this(persistenceId, sequenceNr, DateTime.MinValue)
    {
    }

    public SnapshotMetadata(string persistenceId, long sequenceNr, DateTime timestamp)
    {
        PersistenceId = persistenceId;
        SequenceNr = sequenceNr;
        Timestamp = timestamp;
    }

    public string PersistenceId { get; }

    /// <summary>Number of the last event that the snapshot holds.</summary>
    public long SequenceNr { get; }

    /// <summary>When it was taken, UTC.</summary>
    public DateTime Timestamp { get; }

    public override bool Equals(object? obj) =>
        obj is SnapshotMetadata other && other.SequenceNr == SequenceNr && other.Timestamp == Timestamp && string.Equals(other.PersistenceId, PersistenceId, StringComparison.Ordinal);

    public override int GetHashCode() => SequenceNr.GetHashCode();

    public override string ToString() => $"{PersistenceId}@{SequenceNr}";
}

/// <summary>Which snapshots; all bounds are included.</summary>
public sealed class SnapshotSelectionCriteria
{
    public SnapshotSelectionCriteria(long maxSequenceNr, DateTime maxTimeStamp, long minSequenceNr = 0, DateTime? minTimestamp = null)
    {
        MaxSequenceNr = maxSequenceNr;
        MaxTimeStamp = maxTimeStamp;
        MinSequenceNr = minSequenceNr;
        MinTimestamp = minTimestamp;
    }

    public SnapshotSelectionCriteria(long maxSequenceNr)
        : this(maxSequenceNr, DateTime.MaxValue)
    {
    }

    /// <summary>Every snapshot.</summary>
    public static SnapshotSelectionCriteria Latest { get; } = new(long.MaxValue);

    /// <summary>No snapshot.</summary>
    public static SnapshotSelectionCriteria None { get; } = new(0, DateTime.MinValue);

    public long MaxSequenceNr { get; }

    public DateTime MaxTimeStamp { get; }

    public long MinSequenceNr { get; }

    public DateTime? MinTimestamp { get; }

    internal Storage.SnapshotRange Range(long toSequenceNr) => new(
        Math.Min(MaxSequenceNr, toSequenceNr),
        MinSequenceNr,
        MaxTimeStamp == DateTime.MaxValue ? null : new DateTimeOffset(DateTime.SpecifyKind(MaxTimeStamp, DateTimeKind.Utc)),
        MinTimestamp is { } earliest ? new DateTimeOffset(DateTime.SpecifyKind(earliest, DateTimeKind.Utc)) : null);
}

/// <summary>The state to recover from, before the events after it.</summary>
public sealed class SnapshotOffer(SnapshotMetadata metadata, object snapshot)
{
    public SnapshotMetadata Metadata { get; } = metadata;

    public object Snapshot { get; } = snapshot;

    public override string ToString() => $"SnapshotOffer<{Metadata}>";
}

/// <summary>The snapshot is durable.</summary>
public sealed class SaveSnapshotSuccess(SnapshotMetadata metadata)
{
    public SnapshotMetadata Metadata { get; } = metadata;

    public override string ToString() => $"SaveSnapshotSuccess<{Metadata}>";
}

/// <summary>The snapshot was not saved, or it is unknown whether it was; the actor goes on.</summary>
public sealed class SaveSnapshotFailure(SnapshotMetadata metadata, Exception cause)
{
    public SnapshotMetadata Metadata { get; } = metadata;

    public Exception Cause { get; } = cause;

    public override string ToString() => $"SaveSnapshotFailure<{Metadata}, {Cause.Message}>";
}

/// <summary>The snapshot is deleted.</summary>
public sealed class DeleteSnapshotSuccess(SnapshotMetadata metadata)
{
    public SnapshotMetadata Metadata { get; } = metadata;

    public override string ToString() => $"DeleteSnapshotSuccess<{Metadata}>";
}

/// <summary>The snapshot was not deleted, or it is unknown whether it was.</summary>
public sealed class DeleteSnapshotFailure(SnapshotMetadata metadata, Exception cause)
{
    public SnapshotMetadata Metadata { get; } = metadata;

    public Exception Cause { get; } = cause;

    public override string ToString() => $"DeleteSnapshotFailure<{Metadata}, {Cause.Message}>";
}

/// <summary>The snapshots are deleted.</summary>
public sealed class DeleteSnapshotsSuccess(SnapshotSelectionCriteria criteria)
{
    public SnapshotSelectionCriteria Criteria { get; } = criteria;
}

/// <summary>The snapshots were not deleted, or it is unknown whether they were.</summary>
public sealed class DeleteSnapshotsFailure(SnapshotSelectionCriteria criteria, Exception cause)
{
    public SnapshotSelectionCriteria Criteria { get; } = criteria;

    public Exception Cause { get; } = cause;

    public override string ToString() => $"DeleteSnapshotsFailure<{Cause.Message}>";
}
