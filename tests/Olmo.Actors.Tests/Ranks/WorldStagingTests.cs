using Olmo.Actors.Ranks;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>A checkpoint that is staged one shard at a time is the same checkpoint.</summary>
public sealed class WorldStagingTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    public void StageInTurn_InAnyWorld_GivesTheFilesAndFactsOfAWholeCopy(int ranks, int replicas)
    {
        using WorldOfThreads world = new(ranks, replicas);
        world.Form(ranks);
        world.RunTo(3);

        foreach (WorldRank rank in world.Members())
        {
            IStagedState whole = rank.Engine.Stage();
            string[] names = WorldExample.Names(whole);
            IStagedState inTurn = rank.Engine.StageInTurn();
            Assert.Equal(names, WorldExample.Names(inTurn));
            Assert.Equal((whole.Step, whole.Facts), (inTurn.Step, inTurn.Facts));
            Assert.Equal(names, WorldExample.Names(rank.Engine.Stage()));
        }

        world.RunTo(4);
        Assert.Equal(WorldExample.Quiet(4).Shards, world.Result().Shards);
    }

    [Fact]
    public void StageInTurn_StateHasMovedOn_WritesNothing()
    {
        using WorldOfThreads world = new(2, 2);
        world.Form(2);
        world.RunTo(3);
        IStagedState staged = world.Members().First().Engine.StageInTurn();

        world.RunTo(4);

        Assert.Throws<OperationCanceledException>(() => WorldExample.Names(staged));
    }
}
