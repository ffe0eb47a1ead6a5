using Olmo.Actors.Checkpoints;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>Ranks die at every moment of a step; the others go on from what they hold, and nothing changes in the bits.</summary>
public sealed class WorldRecoveryTests
{
    private const int Steps = 5;

    private static readonly Lazy<(string Weights, string[] Shards)> Quiet = new(() => WorldExample.Quiet(Steps));

    public static TheoryData<string, int, int, bool> Deaths()
    {
        TheoryData<string, int, int, bool> data = [];
        foreach (string phase in new[] { Phases.Wait, Phases.Forward, Phases.Backward, Phases.Sums, Phases.Summed, Phases.Announced, Phases.Applying, Phases.Gather })
        {
            data.Add(phase, 2, 2, true);
            data.Add(phase, 2, 2, false);
            data.Add(phase, 3, 2, false);
            data.Add(phase, 4, 2, true);
            data.Add(phase, 4, 2, false);
            data.Add(phase, 3, 3, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Deaths))]
    public void World_LosesARank_GoesOnWithTheSameBits(string phase, int ranks, int replicas, bool hasSpare)
    {
        using WorldOfThreads world = new(ranks, replicas);
        world.Form(ranks);
        WorldRank victim = world.Ranks[1];
        victim.DiesAt = (phase, 3, phase is Phases.Forward or Phases.Backward or Phases.Sums ? 2 : 1);
        world.RunTo(Steps, between: () =>
        {
            if (hasSpare)
            {
                world.Add();
            }
        });

        Assert.True(victim.IsDead);
        Assert.All(world.Ranks.Where(r => !r.IsDead), r => Assert.Equal(hasSpare ? ranks : ranks - 1, r.Engine.Ranks));
        Check(world);
        Assert.Equal(0, RecomputedOfLiving(world));
    }

    [Fact]
    public void Spare_WithMemoryTakenAhead_JoinsWithItAndGivesTheRestBack()
    {
        using WorldOfThreads world = new(2, 2);
        world.Form(2);
        world.RunTo(1);
        world.Ranks[1].DiesAt = (Phases.Backward, 2, 2);
        WorldRank? spare = null;
        long ahead = 0;
        long whileItCopies = -1;
        world.RunTo(Steps, between: () =>
        {
            spare = world.Add();
            spare.Engine.WarmUp(CancellationToken.None);
            ahead = spare.Engine.ReservedBytes;
            spare.OnReached = (rank, phase, _) => whileItCopies = phase == Phases.Transfer && whileItCopies < 0 ? rank.Engine.ReservedBytes : whileItCopies;
        });

        ShardPlacement all = ShardPlacement.All(spare!.Engine.Layout);
        long sums = GradientAccumulator.SizeOf(all);
        long gradient = StepGradient.SizeOf(all);
        Assert.Equal(TrainingState.SizeOf(all) + (3 * sums) + gradient, ahead); // sums of its replica, of the other, and of a group that it computes again; the gradient of its first update
        GenerationPlan plan = world.Plans[^1];
        bool sumsOfReplicaWait = WorldGeneration.FirstStepUsesLocal(plan, plan.World(), plan.Members.IndexOf(spare.Engine.RankId)); // where the survivor had summed nothing of the step
        Assert.Equal((sumsOfReplicaWait ? 2 : 1) * sums + gradient, whileItCopies);
        Assert.Equal(0, spare.Engine.ReservedBytes);
        Check(world);
    }

    [Fact]
    public void World_ShrinksAndGrows_EndsWithTheSameBits()
    {
        using WorldOfThreads world = new(4, 2);
        world.Form(4);
        world.RunTo(1);
        world.Ranks[3].DiesAt = (Phases.Backward, 2, 2);
        world.RunTo(2);
        Assert.Equal(3, world.Members().Count());
        world.Ranks[0].DiesAt = (Phases.Sums, 3, 3);
        world.RunTo(3);
        Assert.Equal(2, world.Members().Count());
        world.Add();
        world.Add();
        world.Recover();
        Assert.Equal(4, world.Members().Count());
        world.RunTo(Steps);

        Check(world);
    }

    [Fact]
    public void Step_AppliedBySomeSurvivors_IsAppliedByTheOthers()
    {
        using WorldOfThreads world = new(3, 3);
        world.Form(3);

        // Rank 3 never hears what rank 2 announces of step 3; rank 1 does and applies; rank 2 dies.
        world.Ranks[1].OnReached = (rank, phase, step) =>
        {
            if (phase == Phases.Announced && step == 3)
            {
                rank.Place.Mesh!.Drop(1, 2);
            }
        };
        world.Ranks[0].OnReached = (_, phase, step) =>
        {
            if (phase == Phases.Gather && step == 3)
            {
                world.Ranks[1].Die();
            }
        };
        world.RunTo(Steps);

        Check(world);
        Assert.Equal(0, RecomputedOfLiving(world));
        Assert.Equal(3, world.Plans[1].RollForward?.Step);
        Assert.Equal(3, world.Plans[1].StateStep);
    }

    [Fact]
    public void Base_WithSumsThatWereWhole_NeedsNothingComputedAgain()
    {
        using WorldOfThreads world = new(2, 2);
        world.Form(2);
        using Barrier whole = new(2);
        foreach (WorldRank rank in world.Ranks)
        {
            rank.OnReached = (r, phase, step) =>
            {
                if (phase == Phases.Summed && step == 3 && world.Plans.Count == 1)
                {
                    whole.SignalAndWait(TimeSpan.FromSeconds(30));
                    if (r.Id == 2)
                    {
                        r.Die();
                    }
                }
            };
        }

        world.RunTo(Steps, between: () => world.Add());

        Check(world);
        GenerationPlan plan = world.Plans[1];
        Assert.Equal(2, plan.StateStep);
        Assert.All(Enumerable.Range(0, plan.Recipe.Ranges), r => Assert.Equal(GroupMask.All(WorldExample.Groups), plan.RangeAt(r).BaseGroups));
        Assert.Equal(0, world.Ranks.Sum(r => r.Engine.ComputedGroups.Singles));
    }

    [Fact]
    public void Base_WithSumsThatWereNotWhole_IsCompletedByWhatLacks()
    {
        using WorldOfThreads world = new(2, 2);
        world.Form(2);

        // Rank 2 has given its first two layers when it dies in the third, and rank 1 has taken some of them; rank 1 has all of its own.
        int layers = 0;
        int before = 0;
        world.Ranks[1].OnReached = (r, phase, step) =>
        {
            if (step != 3 || r.IsDead)
            {
                return;
            }

            if (phase == Phases.Forward && layers == 0)
            {
                before = world.Ranks[0].SumsTaken; // those of the steps before: they are done
            }
            else if (phase == Phases.Backward && ++layers == 3)
            {
                world.Ranks[0].AwaitSumsTaken(before);
                r.Die();
            }
        };
        world.RunTo(Steps);

        Check(world);
        GenerationPlan plan = world.Plans[1];
        int[] based = [.. Enumerable.Range(0, plan.Recipe.Ranges).Select(r => plan.RangeAt(r).BaseGroups.Count)];
        Assert.Contains(based, b => b > 0);
        Assert.Contains(based, b => b < WorldExample.Groups);
        Assert.True(world.Ranks[0].Engine.ComputedGroups.Singles <= WorldExample.Groups / 2);
        Assert.Equal(0, RecomputedOfLiving(world));
    }

    [Theory]
    [InlineData(Phases.Donate, 0)]
    [InlineData(Phases.Transfer, 3)]
    [InlineData(Phases.Transfer, 2)]
    public void Recovery_LosesAnotherRank_GoesOnWithTheSameBits(string phase, int second)
    {
        using WorldOfThreads world = new(3, 3);
        world.Form(3);
        world.Ranks[1].DiesAt = (Phases.Backward, 3, 2);
        bool added = false;
        world.RunTo(Steps, between: () =>
        {
            if (!added)
            {
                added = true;
                world.Add();
                world.Ranks[second].DiesAt = (phase, 2, 40);
            }
        });

        Check(world);
        Assert.True(world.Ranks[1].IsDead);
        Assert.Equal(0, world.CheckpointLoads);
    }

    /// <param name="onlyOneApplied">The first survivor never hears what the rank that dies announces of step 2, and is asked for that step's state after the other.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Transfer_OfFlippedBits_IsRefusedAndAskedOfTheNextDonor(bool onlyOneApplied)
    {
        using WorldOfThreads world = new(3, 3);
        world.Form(3);
        world.Ranks[1].DiesAt = (Phases.Backward, 3, 2);
        world.Ranks[1].OnReached = (rank, phase, step) =>
        {
            if (onlyOneApplied && phase == Phases.Announced && step == 2)
            {
                rank.Place.Mesh!.Drop(1, 0);
            }
        };
        int flips = 0;
        foreach (int survivor in (int[])[0, 2]) // either may be asked first
        {
            world.Ranks[survivor].OnReached = (rank, phase, _) =>
            {
                if (phase == Phases.Donate && Interlocked.Exchange(ref flips, 1) == 0)
                {
                    rank.Place.Mesh!.FlipBit(rank.Place.Position, world.Plans[^1].PositionOf(world.Ranks[3].Id), 12345, WorldMessageKind.StateChunks);
                }
            };
        }

        world.RunTo(Steps, between: () => world.Add());

        Check(world);
        Assert.Equal(1, world.Ranks[3].Engine.BlocksRejected);
    }

    [Fact]
    public void Twins_OfOneShardDieTogether_TheCheckpointIsLoaded()
    {
        using WorldOfThreads world = new(2, 1);
        world.Form(2);
        world.RunTo(2);
        world.Manifest = world.Save();
        world.Ranks[1].DiesAt = (Phases.Backward, 4, 2);
        world.RunTo(Steps);

        Assert.Equal(1, world.CheckpointLoads);
        Assert.Equal(1, world.Ranks[0].Rewound);
        Check(world);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 1)]
    public void Checkpoint_OfOneWorld_IsReadByAnother(int ranks, int replicas)
    {
        using WorldOfThreads writer = new(2, 2);
        writer.Form(2);
        writer.RunTo(3);
        CheckpointManifest manifest = writer.Save();

        using WorldOfThreads reader = new(ranks, replicas, store: writer.Store);
        reader.Form(ranks, manifest);
        reader.RunTo(Steps);

        Check(reader);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 2)]
    public void Sum_WithAFlippedBit_IsVoidAndReplayed(int ranks, int replicas)
    {
        using WorldOfThreads world = new(ranks, replicas);
        world.Form(ranks);
        int flips = 0;
        world.Ranks[1].OnReached = (rank, phase, step) =>
        {
            if (phase == Phases.Summed && step == 3 && Interlocked.Increment(ref flips) == 1)
            {
                rank.Engine.FlipSumBit();
            }
        };
        world.RunTo(Steps);

        Check(world);
        Assert.All(world.Members(), r => Assert.Equal(1, r.Engine.VoidAttempts));
        Assert.Single(world.Plans);
        Assert.All(world.Members(), r => Assert.Equal(Steps * WorldExample.Groups / ranks, r.Engine.ComputedGroups.All));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    public void OwnSum_WithAFlippedBitAfterItWasSent_IsComputedAgainAndNotSentAgain(int ranks, int replicas)
    {
        using WorldOfThreads world = new(ranks, replicas);
        world.Form(ranks);
        List<IRankFinding> found = [];
        world.Ranks[0].Engine.Found += found.Add;
        int flips = 0;
        using CountdownEvent others = new(ranks);
        others.Signal();
        foreach (WorldRank rank in world.Ranks)
        {
            int passes = 0;
            rank.OnReached = (at, phase, step) =>
            {
                if (phase != Phases.Summed || step != 3 || Interlocked.Increment(ref passes) > 1)
                {
                    return;
                }

                if (at != world.Ranks[^1])
                {
                    others.Signal();
                    return;
                }

                // Their sums are whole: what this rank sends has been sent.
                Assert.True(others.Wait(TimeSpan.FromSeconds(30)));
                flips++;
                at.Engine.FlipSumBit(inOwn: true);
            };
        }

        world.RunTo(Steps);

        Check(world);
        Assert.All(world.Members(), r => Assert.Equal(1, r.Engine.VoidAttempts));
        Assert.Single(world.Plans);
        Assert.Equal((Steps + 1) * WorldExample.Groups / ranks, world.Ranks[^1].Engine.ComputedGroups.All);
        SumsVoid told = Assert.IsType<SumsVoid>(Assert.Single(found));
        Assert.Equal(1, flips);
        Assert.Equal((3L, 0), (told.Step, told.Attempt));
        Assert.Equal(world.Ranks[^1].Id, Assert.Single(told.Suspects));
    }

    private static void Check(WorldOfThreads world)
    {
        (string weights, string[] shards) = world.Result();
        Assert.Equal(Quiet.Value.Weights, weights);
        Assert.Equal(Quiet.Value.Shards, shards);
    }

    // Groups that a plan lets recompute although a living member holds them in its run.
    private static int RecomputedOfLiving(WorldOfThreads world)
    {
        int count = 0;
        foreach (GenerationPlan plan in world.Plans.Where(p => p.Source == StateSource.Survivors))
        {
            GroupMask kept = default;
            foreach (MemberDeal deal in plan.Deals.Where(d => d.IsRetained))
            {
                kept |= deal.Run;
            }

            count += plan.Deals.SelectMany(d => d.Singles).Count(kept.Contains);
        }

        return count;
    }
}
