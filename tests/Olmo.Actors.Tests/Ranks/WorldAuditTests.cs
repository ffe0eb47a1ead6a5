using System.Collections.Concurrent;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Tests.Ranks;

public sealed class WorldAuditTests
{
    private const int Steps = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Lazy<(string Weights, string[] Shards)> Quiet = new(() => WorldExample.Quiet(Steps));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 2)]
    public void Audit_OfRanksThatComputeRight_AgreesAndChangesNothing(int ranks, int replicas)
    {
        using WorldOfThreads world = new(ranks, replicas) { AuditInterval = 2 };
        world.Form(ranks);
        List<IRankFinding> told = [];
        world.Ranks[0].Engine.Found += told.Add;
        world.RunTo(Steps);

        Check(world);
        Assert.All(world.Members(), r => Assert.Equal(Steps / 2, r.Engine.AuditsAgreed));
        Assert.All(world.Members(), r => Assert.Equal(Steps * WorldExample.Groups / ranks, r.Engine.ComputedGroups.All));
        Assert.Equal([2L, 4, 6], told.Cast<AuditEnded>().Select(a => a.Step));
        Assert.All(told.Cast<AuditEnded>(), a => Assert.Equal(AuditOutcome.Agreed, a.Outcome));
    }

    [Fact]
    public void Audit_AfterALossInTheAuditedStep_IsMadeInTheNextWorld()
    {
        using WorldOfThreads world = new(3, 3) { AuditInterval = 2 };
        world.Form(3);
        world.Ranks[1].DiesAt = (Phases.Audit, 4, 1);
        world.RunTo(Steps);

        Check(world);
        Assert.Equal(0, world.CheckpointLoads);
        Assert.All(world.Members(), r => Assert.Equal(Steps / 2, r.Engine.AuditsAgreed));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Audit_OfARankThatComputesWrong_ConvictsItBeforeAnybodyAnnounces(int ranks)
    {
        using WorldOfThreads world = new(ranks, Math.Min(2, ranks)) { AuditInterval = 1 };
        world.Form(ranks);
        (long step, AuditDuty duty, int nth) = StepWhoseGroupIsNotTheFirst(ranks);
        WorldRank wrong = world.Ranks[duty.Subject];
        BlockingCollection<AuditEnded> told = [];
        int forwards = 0;
        wrong.OnReached = (rank, phase, at) =>
        {
            // The bit changes between the two measurements of the sums: as if the group's gradient had another one.
            if (phase == Phases.Forward && at == step && Interlocked.Increment(ref forwards) == nth + 1)
            {
                rank.Engine.Local.FlipBit(0);
            }
        };
        foreach (WorldRank rank in world.Ranks)
        {
            rank.Engine.Found += finding =>
            {
                if (finding is AuditEnded { Outcome: not AuditOutcome.Agreed } ended)
                {
                    told.Add(ended);
                }
            };
            rank.Limit = Steps;
            rank.Start();
        }

        for (int told_ = 0; told_ < Math.Max(1, ranks - 1); told_++)
        {
            Assert.True(told.TryTake(out AuditEnded? ended, Patience), $"nobody was convicted in step {step}");
            Assert.Equal((step, duty.Group, AuditOutcome.Convicted, wrong.Id), (ended.Step, ended.Group, ended.Outcome, ended.Convicted));
        }

        Assert.All(world.Ranks, r => Assert.Equal(step - 1, r.Engine.Step));
        wrong.OnReached = null;
        if (ranks > 1)
        {
            wrong.Die();
        }

        world.Form(ranks); // from initial weights: no state since then is trusted
        world.RunTo(Steps);
        Check(world);
    }

    private static (long Step, AuditDuty Duty, int Nth) StepWhoseGroupIsNotTheFirst(int ranks)
    {
        for (long step = 2; ; step++)
        {
            AuditDuty duty = AuditPlan.DutyOf(
                7, 1, step, ranks, WorldExample.Groups, p => GroupMask.Range(p * WorldExample.Groups / ranks, (p + 1) * WorldExample.Groups / ranks));
            int nth = duty.Group - (duty.Subject * WorldExample.Groups / ranks);
            if (nth > 0)
            {
                Assert.True(step < Steps);
                return (step, duty, nth);
            }
        }
    }

    private static void Check(WorldOfThreads world)
    {
        (string weights, string[] shards) = world.Result();
        Assert.Equal(Quiet.Value.Weights, weights);
        Assert.Equal(Quiet.Value.Shards, shards);
    }
}
