using Olmo.Actors.Worlds;

namespace Olmo.TestKit.Simulation;

/// <summary>A world to simulate and the faults that its histories may hold.</summary>
/// <param name="Name">For people.</param>
/// <param name="Ranks">Ranks of the first world.</param>
/// <param name="Spares">Processes that wait.</param>
/// <param name="Replicas">R</param>
/// <param name="Groups">G</param>
/// <param name="Shards">S</param>
/// <param name="Steps">Steps to train.</param>
/// <param name="Kills">Most ranks that die.</param>
/// <param name="Freezes">Most ranks that freeze and thaw.</param>
/// <param name="CoordinatorFaults">Most coordinators that die or freeze.</param>
/// <param name="Growths">Most times that one rank more is asked for.</param>
public sealed record SimulationShape(
    string Name, int Ranks, int Spares, int Replicas, int Groups, int Shards, int Steps, int Kills, int Freezes, int CoordinatorFaults, int Growths)
{
    /// <summary>Layers of the model; each shard has a range for each, and one for the scalars.</summary>
    public const int Layers = 1;

    /// <summary>Ranges of a shard.</summary>
    public const int RangesPerShard = Layers + 1;

    /// <summary>The shapes that are searched.</summary>
    public static IReadOnlyList<SimulationShape> All { get; } =
    [
        new("3 ranks, R 2", 3, 0, 2, 4, 2, 3, 2, 1, 2, 1),
        new("4 ranks, R 2", 4, 1, 2, 5, 2, 3, 3, 1, 1, 1),
        new("3 ranks, R 3", 3, 1, 3, 4, 2, 3, 3, 1, 1, 1),
        new("2 + spare, R 2", 2, 1, 2, 4, 2, 3, 3, 1, 2, 1),
        new("2 ranks, R 1", 2, 1, 1, 4, 2, 3, 2, 1, 1, 1),
    ];

    /// <summary>The recipe's numbers while <paramref name="wanted"/> ranks are asked for.</summary>
    internal WorldRecipe Recipe(int wanted) => new(wanted, 1, Replicas, Groups, Shards, Layers);
}
