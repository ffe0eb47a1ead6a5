using System.Collections.Immutable;

namespace Olmo.Actors.Ranks;

/// <summary>From a rank to the supervisor of ranks: something about the numbers of a world that somebody has to decide or to count.</summary>
public interface IRankFinding
{
    /// <summary>The world.</summary>
    long Generation { get; }
}

/// <summary>The owners of a shard announced different sums, or one whose digest is not that of its contributions: the sums are void and made again.</summary>
/// <param name="Generation">The world.</param>
/// <param name="Step">The step.</param>
/// <param name="Attempt">The attempt that is void.</param>
/// <param name="Shard">The first void shard.</param>
/// <param name="Suspects">Ranks whose sums do not fit their contributions; empty where all fit and still differ.</param>
/// <remarks>Told by the rank at position 0 alone.</remarks>
public sealed record SumsVoid(long Generation, long Step, int Attempt, int Shard, ImmutableArray<int> Suspects) : IRankFinding;
