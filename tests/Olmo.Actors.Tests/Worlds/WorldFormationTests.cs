using System.Collections.Immutable;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Tests.Worlds;

/// <summary>The cases of the step protocol, one by one. Rank 2 dies unless a test says otherwise.</summary>
public sealed class WorldFormationTests
{
    [Fact]
    public void Sums_Partial_BecomeTheBaseAndOnlyWhatLacksIsComputed()
    {
        GenerationPlan plan = Reports.Plan(
            Reports.Of(0, 5, "0-1", (0, 5, "0-2", "none")),
            Reports.Of(1, 5, "2", (1, 5, "2", "none")));

        Assert.Equal([0, 1], plan.Members.ToArray());
        Assert.Equal(5, plan.StateStep);
        BasePiece first = Assert.Single(plan.RangeOf(0, 0).Base);
        Assert.Equal((0, PieceKind.Own, GroupMask.Range(0, 3)), (first.Holder, first.Kind, first.Groups));
        Assert.Equal([1], first.Receivers.ToArray());
        Assert.Equal([new Atom(0, GroupMask.Of(3))], plan.RangeOf(0, 0).Use.ToArray());
        BasePiece second = Assert.Single(plan.RangeOf(1, 1).Base);
        Assert.Equal((1, PieceKind.Own, GroupMask.Of(2)), (second.Holder, second.Kind, second.Groups));
        Assert.Equal([new Atom(0, GroupMask.Range(0, 2)), new Atom(0, GroupMask.Of(3))], plan.RangeOf(1, 1).Use.ToArray());
        Assert.Equal((GroupMask.Range(0, 2), true), (plan.Deals[0].Run, plan.Deals[0].IsRetained));
        Assert.Equal([3], plan.Deals[0].Singles.ToArray());
        Assert.Equal((GroupMask.Of(2), true), (plan.Deals[1].Run, plan.Deals[1].IsRetained));
        Assert.Empty(plan.Deals[1].Singles);
        Assert.Equal([(0, 1, 0), (1, 0, 1)], plan.Moves.Select(m => (m.Shard, m.To, m.Donors[0])));
    }

    [Fact]
    public void Sums_WholeAndAppliedByNobody_BecomeTheBaseAndNothingIsComputed()
    {
        GenerationPlan plan = Reports.Plan(
            Reports.Of(0, 5, "0-1", (0, 5, "0-2", "3")),
            Reports.Of(1, 5, "2", (1, 5, "0-2", "3")));

        Assert.Equal(5, plan.StateStep);
        Assert.Null(plan.RollForward);
        Assert.All(Enumerable.Range(0, plan.Recipe.Ranges), r => Assert.Equal(GroupMask.All(4), plan.RangeAt(r).BaseGroups));
        Assert.All(Enumerable.Range(0, plan.Recipe.Ranges), r => Assert.Empty(plan.RangeAt(r).Use));
        Assert.All(plan.Deals, d => Assert.True(d.IsRetained && d.Singles.IsEmpty));
    }

    [Fact]
    public void Step_AppliedByOneSurvivor_IsAppliedByWhoeverHoldsItsWholeSum()
    {
        GenerationPlan plan = Reports.Plan(
            Reports.Of(0, 5, "0-1", (0, 6, "none", "none")) with { Applied = Reports.Applied(6) },
            Reports.Of(1, 5, "2", (1, 5, "0-2", "3")));

        Assert.Equal(6, plan.StateStep);
        Assert.Equal(Reports.Applied(6), plan.RollForward);
        Assert.Equal(ShardTask.RollForward, RankRules.TaskOf(plan, 1, 1, ownsIt: true, 5, sumsAreWhole: true));
        Assert.Equal(ShardTask.RollForward, RankRules.TaskOf(plan, 1, 1, ownsIt: false, 5, sumsAreWhole: true));
        Assert.Equal(ShardTask.Keep, RankRules.TaskOf(plan, 0, 0, ownsIt: true, 6, sumsAreWhole: false));
        Assert.Equal(ShardTask.Fetch, RankRules.TaskOf(plan, 0, 1, ownsIt: true, -1, sumsAreWhole: false));
        Assert.Equal(ShardTask.Drop, RankRules.TaskOf(plan, 0, 1, ownsIt: false, 4, sumsAreWhole: false));

        // Nobody has begun step 7: the deal is the plain one, in runs and not in single groups.
        Assert.Equal([GroupMask.Range(0, 2), GroupMask.Range(2, 4)], plan.Deals.Select(d => d.Run));
        Assert.All(plan.Deals, d => Assert.True(!d.IsRetained && d.Singles.IsEmpty));
    }

    [Fact]
    public void Step_ThatASurvivorsSumCannotReach_NeedsACheckpoint()
    {
        FormationResult result = WorldFormation.Plan(
            Reports.Generation, 0, Reports.ThreeRanks, Reports.Members,
            [
                Reports.Of(0, 5, "0-1", (0, 6, "none", "none")) with { Applied = Reports.Applied(6) },
                Reports.Of(1, 5, "2", (1, 5, "0-2", "none")),
            ]);

        Assert.Equal(1, Assert.IsType<FormationResult.CheckpointNeeded>(result).Shard);
    }

    [Fact]
    public void Shard_WhoseTwinIsGoneToo_NeedsACheckpoint()
    {
        FormationResult result = WorldFormation.Plan(
            Reports.Generation, 0, Reports.ThreeRanks, Reports.Members, [Reports.Of(0, 5, "0-1", (0, 5, "0-2", "3")), WorldReport.Spare(3, Reports.Generation)]);

        Assert.Equal(1, Assert.IsType<FormationResult.CheckpointNeeded>(result).Shard);
        GenerationPlan plan = Assert.IsType<FormationResult.Formed>(
            WorldFormation.FromState(Reports.Generation, 0, Reports.ThreeRanks, Reports.Members, [0, 3], null)).Plan;
        Reports.AssertWhole(plan);
        Assert.Equal([0, 3], plan.Members.ToArray());
        Assert.Equal([Reports.Generation, Reports.Generation], plan.Since.ToArray());
        Assert.Equal(ShardTask.Load, RankRules.TaskOf(plan, 0, 0, ownsIt: true, 5, sumsAreWhole: true));
    }

    [Fact]
    public void Contents_ThatDifferAtOneStep_NeedACheckpoint()
    {
        WorldReport odd = Reports.Of(2, 5, "3", (0, 5, "3", "none"), (1, 5, "3", "none"));
        odd = odd with { Shards = [odd.Shards[0] with { StateDigest = 1 }, odd.Shards[1]] };

        FormationResult result = WorldFormation.Plan(
            Reports.Generation, 0, Reports.ThreeRanks, Reports.Members, [Reports.Of(0, 5, "0-1", (0, 5, "0-2", "3")), odd]);

        Assert.Equal(0, Assert.IsType<FormationResult.CheckpointNeeded>(result).Shard);
    }

    [Fact]
    public void Spare_TakesTheHole_AndTwoDonorsAreNamed()
    {
        WorldRecipe recipe = new(3, 1, 3, 4, 2, 1);
        GenerationPlan plan = Reports.Plan(
            recipe, Reports.Members,
            Reports.Of(recipe, 0, 5, "0-1", (0, 5, "0-1", "2"), (1, 5, "0-1", "2-3")),
            Reports.Of(recipe, 2, 5, "3", (0, 5, "3", "2"), (1, 5, "3", "0-2")),
            WorldReport.Spare(4, Reports.Generation), WorldReport.Spare(9, Reports.Generation));

        Assert.Equal([0, 4, 2], plan.Members.ToArray());
        Assert.Equal([1, Reports.Generation, 1], plan.Since.ToArray());
        Assert.Equal([(0, 4), (1, 4)], plan.Moves.Select(m => (m.Shard, m.To)));
        Assert.All(plan.Moves, m => Assert.Equal([0, 2], m.Donors.Order()));
        Assert.NotEqual(plan.Moves[0].Donors[0], plan.Moves[1].Donors[0]);
        Assert.Equal(GroupMask.All(4), plan.RangeOf(0, 0).BaseGroups);
        Assert.Contains(plan.RangeOf(0, 0).Base, p => p.Receivers.Contains(4));
    }

    [Fact]
    public void Ranks_WithoutSpare_CloseTheHole()
    {
        GenerationPlan plan = Reports.Plan(
            Reports.Of(0, 5, "0-1", (0, 5, "none", "none")), Reports.Of(2, 5, "3", (0, 5, "none", "none"), (1, 5, "none", "none")));

        Assert.Equal([0, 2], plan.Members.ToArray());
        Assert.Equal([(1, 0)], plan.Moves.Select(m => (m.Shard, m.To)));
        Assert.Equal(GroupMask.Of(2), plan.Deals[0].Groups.Except(plan.Deals[0].Run) | plan.Deals[1].Groups.Except(plan.Deals[1].Run));
    }

    [Fact]
    public void Ranks_MoreAreWanted_SparesAreAppendedByNumber()
    {
        WorldRecipe recipe = Reports.ThreeRanks with { WantedRanks = 4 };
        GenerationPlan plan = Reports.Plan(
            recipe, Reports.Members, Reports.Of(0, 5, "0-1", (0, 5, "none", "none")), Reports.Of(1, 5, "2", (1, 5, "none", "none")),
            Reports.Of(2, 5, "3", (0, 5, "none", "none"), (1, 5, "none", "none")),
            WorldReport.Spare(8, Reports.Generation), WorldReport.Spare(5, Reports.Generation));

        Assert.Equal([0, 1, 2, 5], plan.Members.ToArray());
        Assert.All(plan.Deals.Take(3), d => Assert.True(d.IsRetained));
        Assert.True(plan.Deals[3].Groups.IsEmpty);
    }

    [Fact]
    public void Ranks_BelowTheLeast_DoNotTrain()
    {
        FormationResult result = WorldFormation.Plan(
            Reports.Generation, 0, Reports.ThreeRanks with { MinRanks = 3 }, Reports.Members,
            [Reports.Of(0, 5, "0-1", (0, 5, "none", "none")), Reports.Of(1, 5, "2", (1, 5, "none", "none"))]);

        Assert.Equal(new FormationResult.TooFewRanks(2, 3), result);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rank_ThatWasLeftOut_CountsAsASpare(bool isNamedByAPlanItNeverTook)
    {
        // Rank 2 froze, was left out of generation 6, and thaws with sums, state and a run of generation 5.
        WorldReport thawed = Reports.Of(2, 5, "3", (0, 5, "3", "none"), (1, 5, "3", "none")) with { FormerGeneration = 5 };
        ImmutableArray<WorldMember> former = isNamedByAPlanItNeverTook ? [new(0, 1), new(1, 1), new(2, 6)] : [new(0, 1), new(1, 1)];

        GenerationPlan plan = Reports.Plan(
            Reports.ThreeRanks, former, Reports.Of(0, 5, "0-1", (0, 5, "0-1", "none")), Reports.Of(1, 5, "2", (1, 5, "none", "none")), thawed);

        Assert.Equal([0, 1, 2], plan.Members.ToArray());
        Assert.Equal([1, 1, Reports.Generation], plan.Since.ToArray());
        Assert.False(plan.Deals[2].IsRetained);
        Assert.Equal([(0, 2), (1, 2)], plan.Moves.Select(m => (m.Shard, m.To)));
        Assert.Equal(ShardTask.Fetch, RankRules.TaskOf(plan, 2, 0, ownsIt: true, 5, sumsAreWhole: false));
        Assert.DoesNotContain(plan.Bases.SelectMany(b => b), p => p.Holder == 2);
    }

    [Fact]
    public void Owner_OfAMovedShard_KeepsItUntilTheFirstFullSet()
    {
        // Rank 0 held everything; with rank 4 at its side in the replica it gives shard 1 away.
        WorldRecipe recipe = new(2, 1, 1, 4, 2, 1);
        GenerationPlan plan = Reports.Plan(
            recipe, [new WorldMember(0, 3)], Reports.Of(recipe, 0, 5, "0-3", (0, 5, "none", "none"), (1, 5, "none", "none")), WorldReport.Spare(4, Reports.Generation));

        Assert.Equal([(1, 4, 0)], plan.Moves.Select(m => (m.Shard, m.To, m.Donors[0])));
        Assert.Equal(ShardTask.Keep, RankRules.TaskOf(plan, 0, 1, ownsIt: false, 5, sumsAreWhole: false));
        Assert.False(RankRules.MayDropMoved(sawFullSetOfThisGeneration: false));
        Assert.True(RankRules.MayDropMoved(sawFullSetOfThisGeneration: true));
    }

    [Fact]
    public void Reports_OfAnotherNumberOrTwice_AreRefused()
    {
        WorldReport report = Reports.Of(0, 5, "0-1", (0, 5, "none", "none"));

        Assert.Throws<ArgumentException>(() => WorldFormation.Plan(8, 0, Reports.ThreeRanks, Reports.Members, [report]));
        Assert.Throws<ArgumentException>(() => WorldFormation.Plan(Reports.Generation, 0, Reports.ThreeRanks, Reports.Members, [report, report]));
        Assert.Throws<InvalidDataException>(() => WorldFormation.Plan(
            Reports.Generation, 0, Reports.ThreeRanks, Reports.Members, [report with { Shards = [new ShardReport(2, 5, 0)] }]));
    }

    [Fact]
    public void World_OfThousandsOfRanks_HasASmallPlan()
    {
        // 2,000 ranks in two replicas, 1,000 shards of 65 ranges: rank 1,999 dies when the sums are half there.
        WorldRecipe recipe = new(2000, 1, 2, 2400, 1000, 64);
        Model.Steps.WorldPlan world = new(2000, 2, 2400, 1000);
        WorldReport[] reports = [.. Enumerable.Range(0, 1999).Select(r =>
        {
            (int first, int end) = world.GroupsOf(r);
            int replica = world.ReplicaOf(r);
            string own = replica == 0 ? "0-1399" : "1400-1899";
            return Reports.Of(recipe, r, 5, GroupMask.Range(first, end).ToString(), [.. world.ShardsOf(r).Select(s => (s, 5L, own, replica == 0 ? "none" : "0-1399"))]);
        })];

        GenerationPlan plan = Reports.Plan(recipe, [.. Enumerable.Range(0, 2000).Select(r => new WorldMember(r, 1))], reports);

        byte[] bytes = plan.ToBytes();
        Assert.True(bytes.Length < 1_500_000, $"{bytes.Length} bytes");
        Assert.True(reports.Max(r => r.ToBytes().Length) < 1000);
        Assert.Equal(bytes, GenerationPlan.Parse(bytes).ToBytes());
        Assert.Equal(world.GroupsOf(1999).End - world.GroupsOf(1999).First, plan.Deals.Sum(d => d.Singles.Length));
    }

    [Fact]
    public void Plan_GroupThatARankFailedAt_IsDealtToAnother()
    {
        // rank 1, whose run was group 2, comes back without anything
        WorldReport[] reports =
        [
            Reports.Of(0, 5, "0-1", (0, 5, "0-1", "none")), WorldReport.Spare(1, Reports.Generation), Reports.Of(2, 5, "3", (0, 5, "3", "none"), (1, 5, "3", "none")),
        ];
        int Holder(GroupSuspicion[] suspicions)
        {
            GenerationPlan plan = Assert.IsType<FormationResult.Formed>(
                WorldFormation.Plan(Reports.Generation, 0, Reports.ThreeRanks, Reports.Members, reports, suspicions: suspicions)).Plan;
            Reports.AssertWhole(plan);
            return plan.Deals.Single(d => d.Groups.Contains(2)).Rank;
        }

        int without = Holder([]);
        Assert.NotEqual(without, Holder([new GroupSuspicion(6, 2, without)]));
        Assert.Equal(without, Holder([new GroupSuspicion(7, 2, without)])); // of another step
    }

    [Fact]
    public void FromState_GroupThatARankFailedAt_IsDealtToAnother()
    {
        GenerationPlan Plan(params GroupSuspicion[] suspicions) => ((FormationResult.Formed)WorldFormation.FromState(
            Reports.Generation, 0, Reports.ThreeRanks, Reports.Members, [0, 1, 2], null, suspicions)).Plan;

        int holder = Plan().Deals.Single(d => d.Groups.Contains(2)).Rank;
        GenerationPlan plan = Plan(new GroupSuspicion(6, 2, holder));
        Reports.AssertWhole(plan);
        Assert.NotEqual(holder, plan.Deals.Single(d => d.Groups.Contains(2)).Rank);
        Assert.Equal([0, 1, 2], plan.Members.Order());
    }

    [Fact]
    public void CarriedTo_ReportWithTheQuarantinedGroup_LosesWhatContainsItAndNothingElse()
    {
        WorldReport report = Reports.Of(0, 5, "0-1", (0, 5, "0-1", "2"), (1, 5, "3", "none"));
        WorldReport carried = report.CarriedTo(1, 6, GroupMask.Of(2));
        Assert.Equal(1, carried.Timeline);
        Assert.Equal(GroupMask.Range(0, 2), carried.Run);
        Assert.Equal(new SumPieces(GroupMask.Range(0, 2), default), carried.PiecesOf(0, 0, 2));
        Assert.Equal(new SumPieces(GroupMask.Of(3), default), carried.PiecesOf(1, 1, 2));
        Assert.True(report.CarriedTo(1, 6, GroupMask.Of(0)).Run.IsEmpty);
        Assert.Equal(0, report.CarriedTo(1, 5, GroupMask.Of(2)).Timeline); // its state has seen a step that differs
    }
}
