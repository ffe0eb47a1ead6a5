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
        int ranges = report.Shards.Length == 0 ? 0 : report.Pieces.Count / report.Shards.Length;
        report.Pieces.Require(ranges * report.Shards.Length, report.Distinct.Length, $"report of rank {report.RankId}");
        return report;
    }
}
