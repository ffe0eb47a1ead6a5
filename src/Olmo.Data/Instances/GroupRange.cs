namespace Olmo.Data.Instances;

/// <summary>A contiguous run of groups.</summary>
/// <param name="First">First group.</param>
/// <param name="Count">How many; may be 0.</param>
public readonly record struct GroupRange(int First, int Count)
{
    /// <summary>Group after the last.</summary>
    public int End => First + Count;

    /// <summary>
    /// What a rank of a world computes of <paramref name="groups"/> groups: floor or ceil(groups / world) adjacent ones, the larger runs first.
    /// The runs of all ranks together are every group once.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Rank outside the world, or a world or number of groups below 1.</exception>
    public static GroupRange OfRank(int rank, int world, int groups)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(world, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rank, world);
        (int share, int larger) = Math.DivRem(groups, world);
        int first = (rank * share) + Math.Min(rank, larger);
        return new GroupRange(first, share + (rank < larger ? 1 : 0));
    }
}
