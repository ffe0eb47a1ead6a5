using System.Collections.Immutable;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Checkpoints;

/// <summary>The shards of one step as they come in. Pure: what is complete, and what disagrees, is a function of the reports.</summary>
/// <param name="Timeline">Branch of the run.</param>
/// <param name="Step">Steps that are done.</param>
/// <param name="Facts">What the first owner reported; all others must report the same.</param>
/// <param name="Shards">Entries by shard.</param>
internal sealed record PendingCheckpoint(int Timeline, long Step, CheckpointFacts Facts, ImmutableSortedDictionary<int, ShardEntry> Shards)
{
    /// <summary>Adds a report.</summary>
    /// <returns>The next state, or the sentence that says what disagrees.</returns>
    public static (PendingCheckpoint? Next, string? Disagreement) Add(PendingCheckpoint? pending, ShardsStored report, int shardCount)
    {
        pending ??= new(report.Timeline, report.Step, report.Facts, ImmutableSortedDictionary<int, ShardEntry>.Empty);
        if (pending.Facts != report.Facts)
        {
            return (null, $"owners disagree about step {report.Step}: {pending.Facts} and {report.Facts}");
        }

        ImmutableSortedDictionary<int, ShardEntry> shards = pending.Shards;
        foreach (ShardEntry entry in report.Shards)
        {
            if (entry.Shard < 0 || entry.Shard >= shardCount)
            {
                return (null, $"shard {entry.Shard} of step {report.Step} is outside 0..{shardCount - 1}");
            }

            if (shards.TryGetValue(entry.Shard, out ShardEntry? other) && other != entry)
            {
                return (null, $"two contents of shard {entry.Shard} at step {report.Step}: {other.Sha256} and {entry.Sha256}");
            }

            shards = shards.SetItem(entry.Shard, entry);
        }

        return (pending with { Shards = shards }, null);
    }

    /// <summary>Whether every shard is there.</summary>
    public bool IsComplete(int shardCount) => Shards.Count == shardCount;

    /// <summary>The manifest of a complete checkpoint.</summary>
    public CheckpointManifest ToManifest(RunIdentity run, long generation) => new(
        run.Name, Timeline, Step, Facts.TokensSeen, Facts.NumericsId, Facts.LayoutHash, Facts.DataFingerprint, Facts.DataCursor, Facts.RunState,
        generation, run.Token, [.. Shards.Values]);
}
