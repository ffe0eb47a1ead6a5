using System.Collections.Immutable;

namespace Olmo.Model.Steps;

/// <summary>
/// Who does what in a world: a pure function of its size. Ranks get contiguous runs of floor or ceil(G / world) groups; the first ranks form replica 0 and so
/// on, sizes differing by at most one; inside a replica shard s belongs to the rank s * m / S of its m ranks.
/// </summary>
public sealed class WorldPlan
{
    /// <summary>Plans a world.</summary>
    /// <param name="ranks">Ranks.</param>
    /// <param name="replicas">R asked for; at most the ranks are used.</param>
    /// <param name="groups">G, at least the ranks.</param>
    /// <param name="shards">S</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1, or there are more ranks than groups.</exception>
    public WorldPlan(int ranks, int replicas, int groups, int shards)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(replicas, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, ranks);
        Ranks = ranks;
        Replicas = Math.Min(replicas, ranks);
        Groups = groups;
        Shards = shards;
    }

    public int Ranks { get; }

    /// <summary>R in use.</summary>
    public int Replicas { get; }

    public int Groups { get; }

    public int Shards { get; }

    /// <summary>Groups of a rank: first (inclusive) and end (exclusive).</summary>
    public (int First, int End) GroupsOf(int rank) => Part(rank, Ranks, Groups);

    /// <summary>Ranks of a replica: first (inclusive) and end (exclusive).</summary>
    public (int First, int End) RanksOf(int replica) => Part(replica, Replicas, Ranks);

    /// <summary>Replica of a rank.</summary>
    public int ReplicaOf(int rank)
    {
        int replica = 0;
        while (rank >= RanksOf(replica).End)
        {
            replica++;
        }

        return replica;
    }

    /// <summary>Rank that owns a shard in a replica.</summary>
    public int OwnerOf(int replica, int shard)
    {
        (int first, int end) = RanksOf(replica);
        return first + (int)((long)shard * (end - first) / Shards);
    }

    /// <summary>Shards that a rank owns.</summary>
    public ImmutableArray<int> ShardsOf(int rank)
    {
        int replica = ReplicaOf(rank);
        ImmutableArray<int>.Builder shards = ImmutableArray.CreateBuilder<int>();
        for (int s = 0; s < Shards; s++)
        {
            if (OwnerOf(replica, s) == rank)
            {
                shards.Add(s);
            }
        }

        return shards.ToImmutable();
    }

    // The first (total mod parts) parts are one larger.
    private static (int First, int End) Part(int part, int parts, int total)
    {
        int size = total / parts;
        int larger = total % parts;
        int first = (part * size) + Math.Min(part, larger);
        return (first, first + size + (part < larger ? 1 : 0));
    }
}
