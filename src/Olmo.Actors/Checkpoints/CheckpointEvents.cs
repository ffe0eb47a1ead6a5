namespace Olmo.Actors.Checkpoints;

/// <summary>A fact about the checkpoints of a run, in their journal. Fields are only ever added, with defaults.</summary>
public abstract record CheckpointEvent;

/// <summary>A checkpoint is being written; the collector of garbage leaves its files alone from here on.</summary>
public sealed record CheckpointBegun(int Timeline, long Step, long Generation, DateTimeOffset At) : CheckpointEvent;

/// <summary>The checkpoint counts. Keyed (run, timeline, step); committing the same key with equal digests again is success.</summary>
/// <param name="Timeline">Branch of the run.</param>
/// <param name="Step">Steps that are done.</param>
/// <param name="Manifest">Name of the manifest in the object store.</param>
/// <param name="ManifestSha256">Digest of the manifest's bytes.</param>
/// <param name="Shards">Names of the shard files.</param>
/// <param name="LengthBytes">Sum of the shard files' lengths.</param>
/// <param name="Permanent">Whether retention keeps it for ever.</param>
/// <param name="At">When it was committed.</param>
/// <param name="Ledger">Which data its steps consumed (<see cref="Olmo.Model.State.SampleLedger"/>); empty where it was not noted.</param>
public sealed record CheckpointCommitted(
    int Timeline, long Step, string Manifest, string ManifestSha256, IReadOnlyList<string> Shards, long LengthBytes, bool Permanent, DateTimeOffset At,
    string Ledger = "") : CheckpointEvent;

/// <summary>The attempt ended without a checkpoint; the next boundary is taken, or the next world's first step where it ended with its world. Reports of generations below <paramref name="Generation"/> come too late.</summary>
public sealed record CheckpointAbandoned(int Timeline, long Step, string Reason, long Generation = 0) : CheckpointEvent;

/// <summary>A committed checkpoint cannot be read any more and does not count; the bad file was set aside.</summary>
public sealed record CheckpointRejected(int Timeline, long Step, string File, string Reason) : CheckpointEvent;

/// <summary>Steps up to this checkpoint were computed by a rank that was convicted of wrong arithmetic since its last clean audit: it is never resumed from unless somebody asks.</summary>
public sealed record CheckpointSuspected(int Timeline, long Step, string Reason) : CheckpointEvent;

/// <summary>Retention let a checkpoint go; its files are garbage unless another checkpoint names them.</summary>
public sealed record CheckpointRetired(int Timeline, long Step) : CheckpointEvent;
