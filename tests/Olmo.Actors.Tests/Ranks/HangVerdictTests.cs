using Olmo.Actors.Ranks;

namespace Olmo.Actors.Tests.Ranks;

public sealed class HangVerdictTests
{
    private static readonly int[] Members = [1, 2, 5];

    [Fact]
    public void WhoIsTooLongInItsOwnWork_IsStuck_AndThoseWhoWaitForItAreNot() =>
        Check(HangAction.Replace, [2], At(1, RankSection.Sums, true), At(2, RankSection.Forward, true), At(5, RankSection.Announce, true));

    [Fact]
    public void WhoGivesNoAnswer_WhileOthersWaitTooLong_IsStuck() =>
        Check(HangAction.Replace, [5], At(1, RankSection.Sums, true), At(2, RankSection.Sums, true));

    [Fact]
    public void AsLongAsSomebodyWorksInsideItsLimit_TheOthersWait() =>
        Check(HangAction.Nothing, [], At(1, RankSection.Sums, true), At(2, RankSection.Backward, false), At(5, RankSection.Sums, true));

    [Fact]
    public void AsLongAsTheStateOfOneComes_TheOthersWait() =>
        Check(HangAction.Nothing, [], At(1, RankSection.Wait, true), At(2, RankSection.Setup, false), At(5, RankSection.Wait, true));

    [Fact]
    public void WhenAllWait_TheWorldIsFormedAnew() =>
        Check(HangAction.FormAnew, [], At(1, RankSection.Sums, true), At(2, RankSection.Audit, false), At(5, RankSection.Gather, false));

    [Fact]
    public void WhenNobodyIsTooLongAnyMore_NothingIsDone() =>
        Check(HangAction.Nothing, [], At(1, RankSection.Sums, false), At(2, RankSection.Sums, false));

    private static WorkDescribed At(int rank, RankSection section, bool isOverdue) => new(4, rank, section, 8, 30, isOverdue, null);

    private static void Check(HangAction action, int[] culprits, params WorkDescribed[] answers)
    {
        HangVerdict verdict = HangVerdict.Of(Members, answers);
        Assert.Equal(action, verdict.Action);
        Assert.Equal(culprits, verdict.Culprits);
    }
}
