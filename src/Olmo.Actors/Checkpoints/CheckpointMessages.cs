using System.Collections.Immutable;

namespace Olmo.Actors.Checkpoints;

/// <summary>A rank begins to write shards of a step that the recipe names, or that was named ahead.</summary>
/// <param name="Timeline">Branch of the run.</param>
/// <param name="Step">Steps that are done.</param>
/// <param name="Generation">World of the rank.</param>
/// <param name="RankId">Who writes.</param>
/// <param name="Shards">What it writes.</param>
public sealed record BeginCheckpoint(int Timeline, long Step, long Generation, int RankId, ImmutableArray<int> Shards);

/// <summary>What every owner must agree on for a step to be committed.</summary>
/// <param name="TokensSeen">Tokens consumed by the steps that are done.</param>
/// <param name="NumericsId">Version of everything that decides bits.</param>
/// <param name="LayoutHash">Hash of tensors, chunks and shards.</param>
/// <param name="DataFingerprint">Hash of the token files.</param>
/// <param name="DataCursor">Where the data goes on.</param>
/// <param name="RunState">State of the policies that decide steps, and the ledger, as the step engine wrote them.</param>
/// <param name="Ledger">The ledger as a line, for the journal.</param>
public sealed record CheckpointFacts(long TokensSeen, string NumericsId, string LayoutHash, string DataFingerprint, string DataCursor, string RunState, string Ledger = "");

/// <summary>
/// Shards of a step stand in the object store, whole. Sent again until <see cref="CheckpointSettled"/> arrives, as the coordinator may restart in
/// between; committing the same step with equal digests twice is success.
/// </summary>
public sealed record ShardsStored(int Timeline, long Step, long Generation, CheckpointFacts Facts, IReadOnlyList<ShardEntry> Shards, int RankId = -1);

/// <summary>The shards of a step could not be written; the attempt ends and the next boundary is taken. Sent again as <see cref="ShardsStored"/> is.</summary>
public sealed record CheckpointFailed(int Timeline, long Step, long Generation, string Reason);

/// <summary>
/// From the run's supervisor: the living have promised themselves to a new generation. Attempts of older ones that lack shards which no living rank writes end; what a living rank has
/// staged it goes on writing, as a file holds nothing but the step's content (rules 20 and 21). Answered by <see cref="UnfinishedEnded"/>.
/// </summary>
/// <param name="Generation">The new generation.</param>
/// <param name="Timeline">Its timeline: attempts of any other end.</param>
/// <param name="Living">Ranks that reported for it.</param>
/// <param name="Staging">
/// Step of a checkpoint that some of them may be copying at this moment: it ends too, though nobody has begun it, as whoever is gone does not write its part. 0: none.
/// </param>
public sealed record EndUnfinished(long Generation, int Timeline, ImmutableArray<int> Living, long Staging = 0);

/// <summary>Answer to <see cref="EndUnfinished"/>: which attempts end. Given before that is durable: nothing waits for the journal.</summary>
/// <param name="Generation">The new generation.</param>
/// <param name="Steps">Steps of the attempts.</param>
public sealed record UnfinishedEnded(long Generation, ImmutableArray<long> Steps);

/// <summary>From the supervisor of ranks: the process of a world's member ended by itself, or something else than the run ended it.</summary>
/// <param name="RankId">The member.</param>
/// <param name="Generation">Newest world that it belonged to.</param>
public sealed record MemberDied(int RankId, long Generation);

/// <summary>From the coordinator: a member died before its part of a checkpoint that had begun was written.</summary>
public sealed record DiedStaging(int RankId, long Step);

/// <summary>Answer to <see cref="ShardsStored"/> and <see cref="CheckpointFailed"/>: the step is committed or abandoned, durably.</summary>
public sealed record CheckpointSettled(int Timeline, long Step, bool IsCommitted, string Detail);

/// <summary>Asks for the newest checkpoint that a run may resume from.</summary>
/// <param name="Lineage">What belongs to its history.</param>
/// <param name="AtMost">Newer ones do not count, unless there are no others: then the oldest is given.</param>
/// <param name="AwaitsSettled">No answer while an attempt up to <paramref name="AtMost"/> is under way: ask again.</param>
public sealed record FindCheckpoint(Lineage Lineage, long AtMost = long.MaxValue, bool AwaitsSettled = false);

/// <summary>Answer to <see cref="FindCheckpoint"/>.</summary>
/// <param name="Newest">The newest that counts, or null.</param>
/// <param name="EverCommitted">Whether the run ever committed one: then starting from initial weights would lose work silently.</param>
public sealed record CheckpointFound(CheckpointCommitted? Newest, bool EverCommitted);

/// <summary>To the coordinator: a rank computed wrong; the checkpoints after a step of this history are suspect.</summary>
public sealed record SuspectCheckpoints(Lineage Lineage, long After, string Reason);

/// <summary>To the coordinator: retention keeps the newest checkpoint up to this step, as the run may have to go back there.</summary>
public sealed record KeepUpTo(long Step);

/// <summary>A committed checkpoint could not be read: its bad file is set aside, and it does not count any more.</summary>
public sealed record RejectCheckpoint(int Timeline, long Step, string File, string Reason);

/// <summary>Answer to <see cref="RejectCheckpoint"/>: durably rejected.</summary>
public sealed record CheckpointIsRejected(int Timeline, long Step);

/// <summary>To the coordinator: what is going on. Answered with <see cref="CheckpointsStatus"/>.</summary>
public sealed record GetCheckpointsStatus
{
    /// <summary>The message.</summary>
    public static GetCheckpointsStatus Instance { get; } = new();
}

/// <summary>Answer to <see cref="GetCheckpointsStatus"/>.</summary>
/// <param name="Begun">Steps whose checkpoint has begun and not ended.</param>
/// <param name="Pending">Steps of which shards have been reported.</param>
/// <param name="Committing">Steps whose manifest or row is being written.</param>
/// <param name="Collecting">Whether garbage is being collected; reports of shards wait meanwhile.</param>
public sealed record CheckpointsStatus(IReadOnlyList<long> Begun, IReadOnlyList<long> Pending, IReadOnlyList<long> Committing, bool Collecting);
