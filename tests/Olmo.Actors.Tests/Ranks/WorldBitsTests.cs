using Olmo.Actors.Ranks;
using Olmo.Model.Tensors;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>The same bits from every world: weights and every shard file.</summary>
public sealed class WorldBitsTests
{
    private const int Steps = 5;

    private static readonly Lazy<(string Weights, string[] Shards)> Quiet = new(() => WorldExample.Quiet(Steps));

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(2, 2, 1)]
    [InlineData(3, 1, 2)]
    [InlineData(3, 2, 1)]
    [InlineData(3, 3, 2)]
    [InlineData(4, 1, 1)]
    [InlineData(4, 2, 2)]
    [InlineData(4, 3, 1)]
    public void World_WithoutFaults_EndsWithTheBitsOfASingleProcess(int ranks, int replicas, int microBatch)
    {
        using WorldOfThreads world = new(ranks, replicas, microBatch);
        world.Form(ranks);
        world.RunTo(Steps);

        (string weights, string[] shards) = world.Result();
        Assert.Equal(Quiet.Value.Weights, weights);
        Assert.Equal(Quiet.Value.Shards, shards);
        Assert.All(world.Members(), r => Assert.Equal((Steps * WorldExample.Groups / ranks, 0), r.Engine.ComputedGroups));
    }

    [Theory]
    [InlineData(2, 2, 1)]
    [InlineData(3, 2, 2)]
    public void World_InBFloat16_EndsWithTheBitsOfASingleProcess(int ranks, int replicas, int microBatch)
    {
        (string weights, string[] shards) = WorldExample.Quiet(3, Precision.BFloat16);
        using WorldOfThreads world = new(ranks, replicas, microBatch) { Precision = Precision.BFloat16 };
        world.Form(ranks);
        world.RunTo(3);

        Assert.NotEqual(WorldExample.Quiet(3).Weights, weights);
        Assert.Equal(weights, world.Result().Weights);
        Assert.Equal(shards, world.Result().Shards);
    }

    [Fact]
    public void World_InTheSteadyState_AllocatesNothingOnTheComputeThread()
    {
        using WorldOfThreads world = new(2, 2);
        world.Form(2);
        world.RunTo(3);
        // The first waits of a thread allocate what the runtime keeps for it; steps after that must not.
        int quiet = 0;
        long[] before = [.. world.Members().Select(r => r.Engine.AllocatedInSteps)];
        for (int step = 4; step <= 12; step++)
        {
            world.RunTo(step);
            long[] after = [.. world.Members().Select(r => r.Engine.AllocatedInSteps)];
            quiet += after.SequenceEqual(before) ? 1 : 0;
            before = after;
        }

        Assert.InRange(quiet, 5, 9);
    }
}
