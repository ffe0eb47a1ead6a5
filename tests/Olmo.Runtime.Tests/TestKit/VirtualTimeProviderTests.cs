using Olmo.TestKit.VirtualTime;

namespace Olmo.Runtime.Tests.TestKit;

public sealed class VirtualTimeProviderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Advance_SeveralTimers_FireInOrderAtTheirOwnTime()
    {
        VirtualTimeProvider clock = new();
        List<(string Name, TimeSpan At)> fired = [];
        using ITimer late = clock.CreateTimer(_ => fired.Add(("late", clock.Elapsed)), null, 3 * Second, Timeout.InfiniteTimeSpan);
        using ITimer each = clock.CreateTimer(_ => fired.Add(("each", clock.Elapsed)), null, Second, Second);

        clock.Advance(3 * Second);

        Assert.Equal([("each", Second), ("each", 2 * Second), ("late", 3 * Second), ("each", 3 * Second)], fired);
        Assert.Equal(3 * Second, clock.Elapsed);
    }

    [Fact]
    public void Advance_TimerArmsAnother_ThatFiresInTheSameAdvance()
    {
        VirtualTimeProvider clock = new();
        List<TimeSpan> fired = [];
        ITimer? second = null;
        using ITimer first = clock.CreateTimer(
            _ => second = clock.CreateTimer(_ => fired.Add(clock.Elapsed), null, Second, Timeout.InfiniteTimeSpan), null, Second, Timeout.InfiniteTimeSpan);

        clock.Advance(2 * Second);

        Assert.Equal([2 * Second], fired);
        second!.Dispose();
    }

    [Fact]
    public void Change_ToAnotherDueTime_DropsTheOld()
    {
        VirtualTimeProvider clock = new();
        int fired = 0;
        ITimer timer = clock.CreateTimer(_ => fired++, null, Second, Timeout.InfiniteTimeSpan);
        timer.Change(3 * Second, Timeout.InfiniteTimeSpan);

        clock.Advance(2 * Second);
        Assert.Equal(0, fired);
        clock.Advance(Second);
        Assert.Equal(1, fired);
        timer.Change(Second, Timeout.InfiniteTimeSpan);
        timer.Dispose();
        clock.Advance(2 * Second);
        Assert.Equal(1, fired);
        Assert.False(timer.Change(Second, Timeout.InfiniteTimeSpan));
    }
}
