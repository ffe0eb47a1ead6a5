using Olmo.Model.Optimization;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Model.Tests.Steps;

public sealed class StepDecisionTests
{
    private const int Shards = 3;
    private const int Replicas = 2;
    private static readonly DecisionSettings Settings = new(1.0);

    [Fact]
    public void From_FullSet_NormIsRootOfShardsInOrderAndClips()
    {
        StepDecision decision = StepDecision.From(Full(), Shards, Replicas, Settings, null);
        double norm = Math.Sqrt(1.0 + 4.0 + 9.0);
        Assert.Equal(new StepDecision(StepOutcome.Apply, norm, 1.0 / (norm + 1e-6), Loss, -1), decision);
        Assert.True(decision.IsDone);
    }

    [Fact]
    public void From_AnyOrder_SameDecision()
    {
        Announcement[] set = Full();
        StepDecision expected = StepDecision.From(set, Shards, Replicas, Settings, null);
        Array.Reverse(set);
        Assert.Equal(expected, StepDecision.From(set, Shards, Replicas, Settings, null));
        Announcement[] byShard = [.. Full().OrderBy(a => a.Shard).ThenByDescending(a => a.Replica)];
        Assert.Equal(expected, StepDecision.From(byShard, Shards, Replicas, Settings, null));
    }

    [Fact]
    public void From_OneMissing_IsIncomplete()
    {
        for (int missing = 0; missing < Shards * Replicas; missing++)
        {
            Announcement[] set = [.. Full().Where((_, i) => i != missing)];
            StepDecision decision = StepDecision.From(set, Shards, Replicas, Settings, null);
            Assert.Equal(StepOutcome.Incomplete, decision.Outcome);
            Assert.Equal(Full()[missing].Shard, decision.Shard);
            Assert.False(decision.IsDone);
        }

        Assert.Equal(StepOutcome.Incomplete, StepDecision.From([], Shards, Replicas, Settings, null).Outcome);
    }

    [Fact]
    public void From_AnnouncementOfOlderGenerationOrOtherAttempt_NeverCounts()
    {
        Func<StepIdentity, StepIdentity>[] changes =
        [
            id => id with { Generation = id.Generation - 1 }, id => id with { Attempt = id.Attempt + 1 }, id => id with { Step = id.Step - 1 },
            id => id with { Timeline = 9 }, id => id with { RunId = "other" },
        ];
        foreach (Func<StepIdentity, StepIdentity> change in changes)
        {
            Announcement[] set = Full();
            set[4] = set[4] with { Id = change(set[4].Id) };
            Assert.Equal(StepOutcome.Incomplete, StepDecision.From(set, Shards, Replicas, Settings, null).Outcome);
        }
    }

    [Fact]
    public void From_OwnersOfAShardDiffer_SumsAreVoid()
    {
        Func<Announcement, Announcement>[] changes =
        [
            a => a with { SumDigest = a.SumDigest + 1 }, a => a with { StateDigest = 0 }, a => a with { SumOfSquares = a.SumOfSquares + 1e-9 },
            a => a with { IsFinite = false }, a => a with { Loss = a.Loss with { Labels = 1 } },
        ];
        foreach (Func<Announcement, Announcement> change in changes)
        {
            Announcement[] set = Full();
            set[5] = change(set[5]);
            StepDecision decision = StepDecision.From(set, Shards, Replicas, Settings, null);
            Assert.Equal(StepOutcome.Void, decision.Outcome);
            Assert.Equal(2, decision.Shard);
        }
    }

    [Fact]
    public void From_NotFinite_FollowsThePolicy()
    {
        Announcement[] set = [.. Full().Select(a => a.Shard == 1 ? a with { IsFinite = false } : a)];
        Assert.Equal(StepOutcome.StopNonFinite, StepDecision.From(set, Shards, Replicas, Settings, null).Outcome);
        Assert.Equal(
            StepOutcome.SkipNonFinite, StepDecision.From(set, Shards, Replicas, Settings with { NonFinite = NonFinitePolicy.Skip }, null).Outcome);
    }

    [Fact]
    public void From_OutlierNorm_IsSkippedAndTheWindowIsOnlyRead()
    {
        StepGuardState guard = new(4);
        for (int i = 0; i < 4; i++)
        {
            guard.Took(StepEffect.Applied, Loss.MeanCrossEntropy, 1.0 + (0.01 * i));
        }

        DecisionSettings settings = Settings with { SkipStep = new SkipStepSettings(4) };
        Assert.Equal(StepOutcome.SkipOutlier, StepDecision.From(Full(), Shards, Replicas, settings, guard).Outcome);
        Assert.Equal(4, guard.Window!.Count);
        Assert.Equal(StepOutcome.SkipOutlier, StepDecision.From(Full(), Shards, Replicas, settings, guard).Outcome);
    }

    [Fact]
    public void From_ShardThatDoesNotExist_IsAnError()
    {
        Announcement[] set = Full();
        set[0] = set[0] with { Shard = 7 };
        Assert.Throws<ArgumentOutOfRangeException>(() => StepDecision.From(set, Shards, Replicas, Settings, null));
    }

    private static LossParts Loss => new(3L << 48, 5, 100, 120);

    private static Announcement[] Full() =>
    [
        .. from replica in Enumerable.Range(0, Replicas)
           from shard in Enumerable.Range(0, Shards)
           select new Announcement(SumExample.Id, shard, replica, (shard + 1.0) * (shard + 1.0), 77UL + (ulong)shard, 5UL * (ulong)shard, Loss, true),
    ];
}
