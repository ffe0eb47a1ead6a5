namespace Olmo.Actors.Worlds;

/// <summary>The numbers of the recipe that decide who does what in a world.</summary>
/// <param name="WantedRanks">Ranks that the run wants; fewer go on, more are never used.</param>
/// <param name="MinRanks">Fewer ranks than this do not train.</param>
/// <param name="Replicas">R; at most the ranks are used.</param>
/// <param name="Groups">G, at least <paramref name="WantedRanks"/>.</param>
/// <param name="Shards">S</param>
/// <param name="Layers">Layers of the model's layout; layer number <paramref name="Layers"/> is that of the scalars, so that a shard has one range more.</param>
public sealed record WorldRecipe(int WantedRanks, int MinRanks, int Replicas, int Groups, int Shards, int Layers)
{
    /// <summary>Ranges of one shard: its part of each layer, and the scalars.</summary>
    public int RangesPerShard => Layers + 1;

    /// <summary>Ranges of the whole state.</summary>
    public int Ranges => Shards * RangesPerShard;

    /// <summary>Place of a range in a plan: those of one shard stand together, the scalars' last.</summary>
    public int RangeOf(int layer, int shard) => (shard * RangesPerShard) + layer;
}
