using Olmo.Actors.Runs;
using Olmo.Data.Instances;
using Olmo.Model.State;

namespace Olmo.Actors.Tests.Runs;

public sealed class LedgerAccountTests
{
    private const int Groups = 4;

    [Fact]
    public void Of_PrefixWithDiscardsAndQuarantines_IsWhole()
    {
        DataCourse course = DataCourse.Whole.Discard(new BatchRange(6, 8)).Discard(new BatchRange(12, 12)).Quarantine(new QuarantinedGroup(10, 2)).Quarantine(new QuarantinedGroup(99, 0));
        LedgerAccount account = Of("1-5,9-11,13-14", course);

        Assert.Equal((10 * Groups * 3) - 3, account.ExpectedSequences);
        Assert.True(account.IsWhole(117));
        Assert.False(account.IsWhole(120));
        Assert.Equal(new QuarantinedGroup(10, 2), Assert.Single(account.Quarantined));
    }

    [Theory]
    [InlineData("1-5,8-9", "6-8", "none", "8")]
    [InlineData("1-4,9-10", "6-8", "5", "none")]
    [InlineData("3-5", "none", "1-2", "none")]
    [InlineData("1-2,9", "4-5", "3,6-8", "none")]
    [InlineData("1-9", "4-5", "none", "4-5")]
    [InlineData("none", "none", "none", "none")]
    public void Of_GapOrOverlap_SaysWhere(string consumed, string discarded, string missing, string twice)
    {
        DataCourse course = discarded == "none" ? DataCourse.Whole : DataCourse.Whole.Discard(Range(discarded));
        LedgerAccount account = Of(consumed, course);

        Assert.Equal(missing, Text(account.Missing));
        Assert.Equal(twice, Text(account.Twice));
        Assert.Equal(missing == "none" && twice == "none", account.IsWhole(account.ExpectedSequences));
    }

    private static LedgerAccount Of(string consumed, DataCourse course) =>
        LedgerAccount.Of(SampleLedger.Parse($"sequences 0 hash 0 skipped 0 batches {consumed}"), course, Groups, 3);

    private static BatchRange Range(string text)
    {
        string[] ends = text.Split('-');
        return new BatchRange(long.Parse(ends[0]), long.Parse(ends[^1]));
    }

    private static string Text(IReadOnlyCollection<BatchRange> ranges) => ranges.Count == 0 ? "none" : string.Join(',', ranges);
}
