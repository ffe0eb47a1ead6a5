using Olmo.Actors.Runs;
using Olmo.Model.Numerics;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>Seeded histories of deaths at random moments, also while a death is being recovered from.</summary>
public sealed class WorldStormTests
{
    private const int Steps = 8;
    private static readonly string[] Moments =
    [
        Phases.Wait, Phases.Forward, Phases.Backward, Phases.Sums, Phases.Summed, Phases.Announced, Phases.Applying, Phases.Gather, Phases.Transfer, Phases.Donate,
    ];

    private static readonly Lazy<(string Weights, string[] Shards)> Quiet = new(() => WorldExample.Quiet(Steps));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void World_UnderAStorm_EndsWithTheBitsOfAQuietRun(int seed)
    {
        uint draws = 0;
        uint Draw(uint below) => Philox.Block(draws++, 0, 0, 0, (uint)seed, 77).W0 % below;
        int ranks = 2 + (int)Draw(3);
        int replicas = 2 + (int)Draw(2);
        using WorldOfThreads world = new(ranks, replicas);
        world.Form(ranks);
        void Arm(WorldRank rank, long from, int moments)
        {
            string moment = Moments[Draw((uint)moments)];
            bool often = moment is Phases.Forward or Phases.Backward or Phases.Sums or Phases.Transfer or Phases.Donate;
            rank.DiesAt = (moment, from + Draw(3), often ? 1 + (int)Draw(3) : 1);
        }

        Arm(world.Ranks[(int)Draw((uint)ranks)], 1, Moments.Length - 2); // there is nothing to transfer yet
        world.RunTo(Steps, between: () =>
        {
            if (Draw(3) > 0)
            {
                world.Add();
            }

            WorldRank[] living = [.. world.Living];
            if (living.Length > 1 && world.Plans.Count < 6)
            {
                Arm(living[Draw((uint)living.Length)], living.Max(r => r.Engine.Step), Moments.Length);
            }
        });

        Assert.InRange(world.Plans.Count, 2, 20);
        (string weights, string[] shards) = world.Result();
        Assert.Equal(Quiet.Value.Weights, weights);
        Assert.Equal(Quiet.Value.Shards, shards);
    }
}
