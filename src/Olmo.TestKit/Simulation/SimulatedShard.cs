using Olmo.Actors.Worlds;

namespace Olmo.TestKit.Simulation;

/// <summary>A sum: the groups that it claims, and what was really added.</summary>
internal readonly record struct SimulatedSum(GroupMask Groups, ulong Value, int Added)
{
    public static SimulatedSum operator +(SimulatedSum a, SimulatedSum b) => new(a.Groups | b.Groups, a.Value + b.Value, a.Added + b.Added);
}

/// <summary>A shard at a rank: state, and the two sums of each range.</summary>
internal sealed class SimulatedShard(long step, ulong digest, bool isVerified, bool isOwned)
{
    public long Step = step;
    public ulong Digest = digest;
    public bool IsVerified = isVerified;
    public bool IsOwned = isOwned;
    public bool IsAnnounced;

    /// <summary>Newest generation in which the rank owned it with verified state and whole base.</summary>
    public long ReadyGeneration;

    public int ToServe;
    public readonly SimulatedSum[] Own = new SimulatedSum[SimulationShape.RangesPerShard];
    public readonly SimulatedSum[] Foreign = new SimulatedSum[SimulationShape.RangesPerShard];
    public readonly bool[] IsExchanged = new bool[SimulationShape.RangesPerShard];

    public long SumStep => Step + 1;

    public SumPieces PiecesOf(int layer) => new(Own[layer].Groups, Foreign[layer].Groups);

    public bool IsWhole(GroupMask all)
    {
        for (int layer = 0; layer < Own.Length; layer++)
        {
            if ((Own[layer].Groups | Foreign[layer].Groups) != all)
            {
                return false;
            }
        }

        return true;
    }

    public ulong SumDigest
    {
        get
        {
            ulong sum = 0;
            for (int layer = 0; layer < Own.Length; layer++)
            {
                sum += Own[layer].Value + Foreign[layer].Value;
            }

            return sum;
        }
    }

    public void ClearSums()
    {
        Array.Clear(Own);
        Array.Clear(Foreign);
        BeginSums();
    }

    public void BeginSums()
    {
        Array.Clear(IsExchanged);
        IsAnnounced = false;
    }
}
