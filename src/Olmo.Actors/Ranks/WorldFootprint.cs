using Olmo.Actors.Collectives;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <summary>Bytes that a rank of a quiet world holds; during a recovery the sums, and the state where its shards change, exist twice. What it holds ahead for joining is left out.</summary>
/// <param name="WorkingParameters">What passes read.</param>
/// <param name="OwnedState">Moments, and the master parameters where the rank does not own every shard.</param>
/// <param name="LocalSums">Sums of the rank's own groups, for every shard.</param>
/// <param name="OwnSums">Sums of the rank's replica; 0 where it is alone in it.</param>
/// <param name="ForeignSums">Sums of other replicas.</param>
/// <param name="Gradient">The gradient of the owned shards between announcement and update; 0 with one replica.</param>
/// <param name="GroupSums">Sums of one group, for every shard: of an audit, or of a group that is computed again.</param>
/// <param name="Stage">The copy that a checkpoint is written from.</param>
/// <param name="SendBuffer">The largest range as a frame, and a block of parameters.</param>
public sealed record RankMemory(
    long WorkingParameters, long OwnedState, long LocalSums, long OwnSums, long ForeignSums, long Gradient, long GroupSums, long Stage, long SendBuffer)
{
    /// <summary>All of it.</summary>
    public long Total => WorkingParameters + OwnedState + LocalSums + OwnSums + ForeignSums + Gradient + GroupSums + Stage + SendBuffer;
}

/// <summary>Bytes that a rank sends in a step of the plain deal, headers included; of sums the most that they may take: they travel in as many bytes as their values need.</summary>
/// <param name="Contributions">Its sums, to the owners of its replica.</param>
/// <param name="Exchange">Its replica's sums of the owned shards, to the owners in other replicas.</param>
/// <param name="Announcements">To every member.</param>
/// <param name="Parameters">Owned parameters, to its replica.</param>
public sealed record RankTraffic(long Contributions, long Exchange, long Announcements, long Parameters)
{
    /// <summary>All of it.</summary>
    public long Total => Contributions + Exchange + Announcements + Parameters;
}

/// <summary>What a world costs: pure functions of layout, world and position.</summary>
public static class WorldFootprint
{
    /// <summary>Memory of a rank, activations and gradients left out.</summary>
    /// <param name="layout">Layout of the model.</param>
    /// <param name="world">The world.</param>
    /// <param name="position">Position of the rank.</param>
    /// <param name="run">Name of the run, which stands in every frame.</param>
    /// <param name="audits">Whether ranks audit each other.</param>
    public static RankMemory MemoryOf(ParameterLayout layout, WorldPlan world, int position, string run, bool audits)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(world);
        int replica = world.ReplicaOf(position);
        (int first, int end) = world.RanksOf(replica);
        ShardPlacement owned = new(layout, world.ShardsOf(position));
        ShardPlacement staged = new(layout, [.. owned.Shards.Where(s => s % world.Replicas == replica)]);
        return new RankMemory(
            layout.Elements * sizeof(float),
            TrainingState.SizeOf(owned),
            GradientAccumulator.SizeOf(ShardPlacement.All(layout)),
            end - first == 1 ? 0 : GradientAccumulator.SizeOf(owned),
            world.Replicas == 1 ? 0 : GradientAccumulator.SizeOf(owned),
            world.Replicas == 1 ? 0 : StepGradient.SizeOf(owned),
            audits ? GradientAccumulator.SizeOf(ShardPlacement.All(layout)) : 0,
            ShardStage.SizeOf(staged),
            world.Ranks == 1 ? 0 : SumFrame.MostBytes(layout, run, world.Groups) + (end - first == 1 ? 0 : WorldGeneration.ParameterBlockBytes(owned)));
    }

    /// <summary>Traffic of a rank in a step of the plain deal.</summary>
    /// <param name="layout">Layout of the model.</param>
    /// <param name="world">The world.</param>
    /// <param name="position">Position of the rank.</param>
    /// <param name="run">Name of the run, which stands in every frame.</param>
    public static RankTraffic TrafficOf(ParameterLayout layout, WorldPlan world, int position, string run)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(world);
        int replica = world.ReplicaOf(position);
        (int first, int end) = world.RanksOf(replica);
        long contributions = 0;
        long exchange = 0;
        for (int shard = 0; shard < world.Shards; shard++)
        {
            bool owns = world.OwnerOf(replica, shard) == position;
            for (int layer = 0; layer <= layout.Layers; layer++)
            {
                long bytes = Message + SumFrame.MostBytes(layout, layer, shard, run, world.Groups);
                contributions += owns ? 0 : bytes;
                exchange += owns ? bytes * (world.Replicas - 1) : 0;
            }
        }

        ShardPlacement owned = new(layout, world.ShardsOf(position));
        return new RankTraffic(
            contributions,
            exchange,
            (world.Ranks - 1) * (Message + ((long)owned.Shards.Length * AnnouncementBytes.Each)),
            (end - first - 1) * ((owned.Elements * sizeof(float)) + (WorldGeneration.ParameterBlocks(owned) * Message)));
    }

    private static long Message => WorldHeader.Bytes + MessageFrame.FixedBytes;
}
