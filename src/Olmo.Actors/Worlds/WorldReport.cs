using System.Collections.Immutable;
using System.Text.Json;

namespace Olmo.Actors.Worlds;

/// <summary>A shard that a rank holds, owned or kept after it moved away. Only state that was whole and verified is ever reported (rules 14 and 16).</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Step">Steps that its state has seen.</param>
/// <param name="StateDigest">Digest of that state.</param>
public sealed record ShardReport(int Shard, long Step, ulong StateDigest);

/// <summary>
/// A rank's answer to <c>Prepare</c> of a generation, and its promise: from then on it adds, sends, announces and applies nothing in an older one, and refuses
/// plans of a lower number (rule 12). Forward and backward of the run in work go on.
/// </summary>
/// <param name="RankId">Who answers.</param>
/// <param name="Generation">Number for which it answers.</param>
/// <param name="FormerGeneration">World in which it worked; 0 for a spare that has been in none since it started.</param>
/// <param name="Timeline">Branch of the run that its state belongs to.</param>
/// <param name="ParameterStep">Steps that its working parameters have seen; -1 where they are a mix or there are none.</param>
/// <param name="Run">
/// Groups of the run of step <paramref name="ParameterStep"/> + 1 that its local accumulator holds or will hold: the retained atom. Empty where it has none, or where
/// the accumulator was given up.
/// </param>
/// <param name="Computed">Groups of the run that are computed; decides nothing but how even the deal is.</param>
/// <param name="Shards">State that it holds, ascending by shard.</param>
/// <param name="Distinct">Distinct pairs of sums, all of step <see cref="ShardReport.Step"/> + 1 of their shard.</param>
/// <param name="Pieces">Index into <paramref name="Distinct"/> for each range of each shard in <paramref name="Shards"/>: the ranges of a shard together, the scalars' last.</param>
/// <param name="Applied">The newest step that it applied; null where it applied none since its state was loaded.</param>
/// <remarks>Equality of lists is by reference: compare the bytes.</remarks>
public sealed record WorldReport(
    int RankId, long Generation, long FormerGeneration, int Timeline, long ParameterStep, GroupMask Run, GroupMask Computed,
    ImmutableArray<ShardReport> Shards, ImmutableArray<SumPieces> Distinct, RangeIndex Pieces, AppliedStep? Applied)
{
    /// <summary>A rank without state: a spare.</summary>
    public static WorldReport Spare(int rankId, long generation) =>
        new(rankId, generation, 0, 0, -1, default, default, [], [], RangeIndex.Of([]), null);

    /// <summary>
    /// The report as it counts in a timeline that goes on from this one's state: sums of a step, and the run of it, that contain one of these groups are no longer there.
    /// </summary>
    /// <param name="timeline">The new timeline.</param>
    /// <param name="step">First step that differs.</param>
    /// <param name="dropped">Groups whose contributions to that step count no more.</param>
    public WorldReport CarriedTo(int timeline, long step, GroupMask dropped)
    {
        if (Shards.Any(s => s.Step >= step))
        {
            return this; // a step that differs is in its state: it is of no use there
        }

        int ranges = Shards.Length == 0 ? 0 : Pieces.Count / Shards.Length;
        List<SumPieces> distinct = [.. Distinct];
        int[] pieces = new int[Pieces.Count];
        for (int i = 0; i < pieces.Length; i++)
        {
            SumPieces held = Distinct[Pieces[i]];
            bool isOfStep = Shards[i / ranges].Step == step - 1;
            SumPieces kept = isOfStep
                ? new SumPieces(held.Own.Overlaps(dropped) ? default : held.Own, held.Foreign.Overlaps(dropped) ? default : held.Foreign)
                : held;
            pieces[i] = kept == held ? Pieces[i] : distinct.IndexOf(kept);
            if (pieces[i] < 0)
            {
                pieces[i] = distinct.Count;
                distinct.Add(kept);
            }
        }

        bool dropsRun = ParameterStep == step - 1 && Run.Overlaps(dropped);
        return this with
        {
            Timeline = timeline,
            Run = dropsRun ? default : Run,
            Computed = dropsRun ? default : Computed,
            Distinct = [.. distinct],
            Pieces = RangeIndex.Of(pieces),
        };
    }

    /// <summary>The sums of a range.</summary>
    /// <param name="position">Place of the shard in <see cref="Shards"/>.</param>
    /// <param name="layer">Layer; the number of layers for the scalars.</param>
    /// <param name="rangesPerShard">Layers + 1.</param>
    public SumPieces PiecesOf(int position, int layer, int rangesPerShard) => Distinct[Pieces[(position * rangesPerShard) + layer]];

    /// <summary>JSON, UTF-8.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, WorldJson.Default.WorldReport);

    /// <summary>Reads a report.</summary>
    /// <exception cref="InvalidDataException">The bytes are no report, or contradict themselves.</exception>
    public static WorldReport Parse(ReadOnlySpan<byte> bytes)
    {
        WorldReport report = WorldJson.Read(bytes, WorldJson.Default.WorldReport, "report of a rank");
        report.Check();
        return report;
    }

    /// <summary>Does it contradict itself? Whoever takes a report from another process asks.</summary>
    /// <exception cref="InvalidDataException">It does.</exception>
    public void Check()
    {
        if (Shards.IsDefault || Distinct.IsDefault || Pieces is null)
        {
            throw new InvalidDataException($"report of rank {RankId}: a list is not there");
        }

        int ranges = Shards.Length == 0 ? 0 : Pieces.Count / Shards.Length;
        Pieces.Require(ranges * Shards.Length, Distinct.Length, $"report of rank {RankId}");
    }
}
