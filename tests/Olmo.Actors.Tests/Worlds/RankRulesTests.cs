using Olmo.Actors.Worlds;
using Olmo.Model.Steps;

namespace Olmo.Actors.Tests.Worlds;

public sealed class RankRulesTests
{
    private static readonly RankStanding Working = new(7, 7);
    private static readonly RankStanding Promised = new(7, 8);

    [Theory]
    [InlineData(7, 6, "4", FrameVerdict.Add)]
    [InlineData(8, 6, "4", FrameVerdict.Wait)]
    [InlineData(6, 6, "4", FrameVerdict.Old)]
    [InlineData(7, 7, "4", FrameVerdict.Wait)]
    [InlineData(7, 5, "4", FrameVerdict.PastStep)]
    [InlineData(7, 6, "1", FrameVerdict.Overlap)]
    [InlineData(7, 6, "3-4", FrameVerdict.Overlap)]
    public void Frame_OfAWorkingRank_IsJudged(long generation, long step, string groups, FrameVerdict expected) =>
        Assert.Equal(
            expected,
            RankRules.JudgeFrame(new FrameTag(generation, step, GroupMask.Parse(groups)), Working, 6, new SumPieces(GroupMask.Range(0, 2), GroupMask.Of(3))));

    [Fact]
    public void Report_IsAPromise_UntilThePlan()
    {
        Assert.Equal(FrameVerdict.Old, RankRules.JudgeFrame(new FrameTag(7, 6, GroupMask.Of(4)), Promised, 6, default));
        Assert.Equal(AnnouncementVerdict.Old, RankRules.JudgeAnnouncement(7, 6, Promised, 6));
        Assert.False(RankRules.MayAct(Promised));
        Assert.False(RankRules.MayAnnounce(Promised, 6, 5, stateIsVerified: true, sumsAreWhole: true));
        Assert.True(RankRules.MayPromise(Promised, 8));
        Assert.True(RankRules.MayPromise(Promised, 9));
        Assert.False(RankRules.MayPromise(Promised, 7));
        Assert.False(RankRules.MayTakePlan(new RankStanding(7, 9), 8));
        Assert.True(RankRules.MayTakePlan(Promised, 8));
        Assert.False(RankRules.MayTakePlan(Working, 7));
    }

    [Fact]
    public void Announcement_CountsInItsOwnGenerationAndStepOnly()
    {
        Assert.Equal(AnnouncementVerdict.Count, RankRules.JudgeAnnouncement(7, 6, Working, 6));
        Assert.Equal(AnnouncementVerdict.Old, RankRules.JudgeAnnouncement(6, 6, Working, 6));
        Assert.Equal(AnnouncementVerdict.Old, RankRules.JudgeAnnouncement(7, 5, Working, 6));
        Assert.Equal(AnnouncementVerdict.Wait, RankRules.JudgeAnnouncement(7, 7, Working, 6));
        Assert.Equal(AnnouncementVerdict.Wait, RankRules.JudgeAnnouncement(8, 6, Working, 6));
    }

    [Fact]
    public void Shard_IsAnnounced_WithVerifiedStateAndWholeSumsOnly()
    {
        Assert.True(RankRules.MayAnnounce(Working, 6, 5, stateIsVerified: true, sumsAreWhole: true));
        Assert.False(RankRules.MayAnnounce(Working, 6, 5, stateIsVerified: false, sumsAreWhole: true));
        Assert.False(RankRules.MayAnnounce(Working, 6, 5, stateIsVerified: true, sumsAreWhole: false));
        Assert.False(RankRules.MayAnnounce(Working, 6, 4, stateIsVerified: true, sumsAreWhole: true));
    }

    [Fact]
    public void Owner_TakesExactlyTheBase()
    {
        RangePlan range = new([new BasePiece(3, PieceKind.Own, GroupMask.Range(0, 2), [1]), new BasePiece(4, PieceKind.Foreign, GroupMask.Of(3), [1])], []);

        Assert.Equal(new KeptPieces(true, true), RankRules.KeptOf(range, new SumPieces(GroupMask.Of(3), GroupMask.Range(0, 2))));
        Assert.Equal(new KeptPieces(false, false), RankRules.KeptOf(range, new SumPieces(GroupMask.Of(0), GroupMask.Range(1, 3))));
        Assert.Equal(new KeptPieces(false, false), RankRules.KeptOf(range, default));
    }

    [Fact]
    public void Exchange_HoldsWhatThePlanExpectsInItsFirstStep_AndThePlainDealAfterThat()
    {
        GenerationPlan plan = Reports.Plan(Reports.Of(0, 5, "0-1", (0, 5, "0-2", "none")), Reports.Of(1, 5, "2", (1, 5, "2", "none")));
        WorldPlan world = plan.World();

        Assert.Equal("3", WorldDuties.ExpectedOwn(plan, world, 6, plan.Recipe.RangeOf(0, 0), 0).ToString());
        Assert.Equal("none", WorldDuties.ExpectedOwn(plan, world, 6, plan.Recipe.RangeOf(0, 0), 1).ToString());
        Assert.Equal("0-1", WorldDuties.ExpectedOwn(plan, world, 7, plan.Recipe.RangeOf(0, 0), 0).ToString());
        Assert.Equal("2-3", WorldDuties.ExpectedOwn(plan, world, 7, plan.Recipe.RangeOf(0, 0), 1).ToString());
        Assert.Equal("2", WorldDuties.RunOf(plan, world, 6, 1).ToString());
        Assert.Equal("2-3", WorldDuties.RunOf(plan, world, 7, 1).ToString());
        Assert.False(RankRules.MayExchange(default, default));
        Assert.True(RankRules.MayExchange(GroupMask.Of(3), new SumPieces(GroupMask.Of(3), GroupMask.Range(0, 3))));
        Assert.False(RankRules.MayExchange(GroupMask.Range(2, 4), new SumPieces(GroupMask.Of(3), default)));
    }
}
