using Olmo.Actors.Ranks;

namespace Olmo.Actors.Tests.Ranks;

public sealed class SlowRanksTests
{
    private static readonly int[] Members = [1, 2, 5];
    private readonly SlowRanks _ranks = new();

    [Fact]
    public void Rank_ThreeTimesSlower_IsFlaggedOnceInTheSecondWindow()
    {
        Assert.Empty(Window(10, 1, 1, 3));
        (int rank, double score) = Assert.Single(Window(20, 1, 1.1, 3));
        Assert.Equal((5, 1.0 / 3), (rank, score));
        Assert.Empty(Window(30, 1, 1, 3));
    }

    [Fact]
    public void Rank_SlowInOneWindow_IsNeverFlagged()
    {
        Assert.Empty(Window(10, 1, 1, 9));
        Assert.Empty(Window(20, 1, 1, 1));
        Assert.Empty(Window(30, 1, 1, 9));
        Assert.Empty(Window(40, 1, 1, 1.2));
    }

    [Fact]
    public void Window_OfWhichARankIsNotHeard_SaysNothing()
    {
        Window(10, 1, 1, 3);
        Assert.Empty(_ranks.Add(1, 20, 1, Members));
        Assert.Empty(_ranks.Add(5, 20, 3, Members));
        Assert.Single(Window(30, 1, 1, 3));
    }

    [Fact]
    public void Window_OfAStepThatIsDoneAgain_Counts()
    {
        Window(20, 1, 1, 3);
        _ranks.Restart(Members);
        Assert.Single(Window(10, 1, 1, 3));
    }

    [Fact]
    public void World_OfOne_HasNobodyToCompareWith() => Assert.Empty(_ranks.Add(1, 10, 100, [1]));

    private List<(int Rank, double Score)> Window(long end, double first, double second, double third)
    {
        double[] times = [first, second, third];
        return [.. Members.SelectMany((m, i) => _ranks.Add(m, end, times[i], Members))];
    }
}
