using Olmo.Actors.Ranks;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Actors.Tests.Ranks;

public sealed class SectionWatchTests : IDisposable
{
    private static readonly SectionLimits Limits = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(60));
    private readonly VirtualTimeProvider _time = new();
    private readonly SectionClock _clock;
    private readonly SectionWatch _watch;
    private readonly List<(SectionStanding Standing, TimeSpan Limit)> _told = [];

    public SectionWatchTests()
    {
        _clock = new SectionClock(_time);
        _watch = new SectionWatch([_clock], Limits, (standing, limit) => _told.Add((standing, limit)), period: null);
    }

    public void Dispose() => _watch.Dispose();

    [Fact]
    public void Section_OfWhichLittleWasSeen_HasTheCeiling()
    {
        Steps(9, TimeSpan.FromSeconds(1));
        _clock.Enter(RankSection.Forward, 10);
        Pass(59);
        Assert.Empty(_told);
        Pass(1);
        Assert.Equal((RankSection.Forward, 10L, TimeSpan.FromSeconds(60)), (_told[0].Standing.Section, _told[0].Standing.Step, _told[0].Limit));
    }

    [Theory]
    [InlineData(1.0, 5)]
    [InlineData(0.1, 2)]
    [InlineData(30.0, 60)]
    public void Section_ThatWasSeenOften_HasFiveTimesItsLongest_BetweenFloorAndCeiling(double longest, int limit)
    {
        Steps(10, TimeSpan.FromSeconds(longest));
        _clock.Enter(RankSection.Forward, 11);
        Pass(limit - 1);
        Assert.Empty(_told);
        Pass(1);
        Assert.Equal(TimeSpan.FromSeconds(limit), Assert.Single(_told).Limit);
    }

    [Fact]
    public void Section_ThatWasNeverSeen_HasTheCeilingHoweverManyStepsWere()
    {
        Steps(20, TimeSpan.FromSeconds(1));
        _clock.Enter(RankSection.Stage, 20);
        Pass(59);
        Assert.Empty(_told);
        Pass(1);
        Assert.Equal(TimeSpan.FromSeconds(60), Assert.Single(_told).Limit);
    }

    [Fact]
    public void Section_ThatWaitsForOthers_IsNotLearnt()
    {
        Steps(10, TimeSpan.FromSeconds(1));
        _clock.Enter(RankSection.Sums, 11);
        Pass(59);
        Assert.Empty(_told);
    }

    [Fact]
    public void Section_ThatMakesProgress_IsNotOverdue()
    {
        _clock.Enter(RankSection.Setup, 1);
        for (int i = 0; i < 5; i++)
        {
            Pass(50);
            _clock.Beat();
        }

        Assert.Empty(_told);
    }

    [Fact]
    public void Section_ThatStaysOverdue_IsToldOncePerLimit()
    {
        _clock.Enter(RankSection.Apply, 1);
        Pass(60);
        Pass(30);
        Assert.Single(_told);
        Pass(30);
        Assert.Equal(2, _told.Count);
        _clock.Leave();
        Pass(1000);
        Assert.Equal(2, _told.Count);
    }

    private void Steps(int count, TimeSpan forward)
    {
        for (int step = 1; step <= count; step++)
        {
            _clock.Enter(RankSection.Forward, step);
            _time.Advance(forward);
            _clock.Enter(RankSection.Apply, step);
            _clock.Leave();
        }
    }

    private void Pass(int seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        _watch.Look();
    }
}
