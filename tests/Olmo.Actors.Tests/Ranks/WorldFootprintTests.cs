using Olmo.Actors.Ranks;
using Olmo.Model.Steps;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>What is said of memory and traffic is what is held and sent.</summary>
public sealed class WorldFootprintTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(4, 3)]
    public void Footprint_OfARank_IsWhatItHoldsAndSends(int ranks, int replicas)
    {
        using WorldOfThreads world = new(ranks, replicas);
        world.Form(ranks);
        world.RunTo(1);
        world.RunTo(2);
        world.Result(); // takes stages

        WorldPlan plan = world.Plans[0].World();
        int position = 0;
        foreach (WorldRank rank in world.Members())
        {
            rank.Engine.Prepare(100); // all that was to be sent has left or never will
            Assert.Equal(WorldFootprint.MemoryOf(rank.Engine.Layout, plan, position, WorldExample.Run, audits: false), rank.Engine.Memory);
            RankTraffic expected = WorldFootprint.TrafficOf(rank.Engine.Layout, plan, position, WorldExample.Run);
            AssertMost(2 * expected.Contributions, rank.Engine.Sent.Contributions);
            AssertMost(2 * expected.Exchange, rank.Engine.Sent.Exchange);
            Assert.Equal(2 * expected.Announcements, rank.Engine.Sent.Announcements);
            Assert.Equal(2 * expected.Parameters, rank.Engine.Sent.Parameters);
            position++;
        }
    }

    [Fact]
    public void Footprint_OfARankThatAudits_HasTheSumsOfOneGroup()
    {
        using WorldOfThreads world = new(1, 1) { AuditInterval = 1 };
        world.Form(1);
        world.RunTo(1);
        world.Result();

        WorldRank rank = Assert.Single(world.Members());
        RankMemory expected = WorldFootprint.MemoryOf(rank.Engine.Layout, world.Plans[0].World(), 0, WorldExample.Run, audits: true);
        Assert.Equal(expected, rank.Engine.Memory);
        Assert.Equal(expected.LocalSums, expected.GroupSums);
    }

    // Sums take 8 bytes an element at most. Those of this model need between 4 and 6; headers and scalars come on top.
    private static void AssertMost(long most, long sent) => Assert.InRange(sent, most * 3 / 10, most * 9 / 10);
}
