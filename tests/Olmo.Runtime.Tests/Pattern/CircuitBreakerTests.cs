using Olmo.Runtime.Pattern;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Runtime.Tests.Pattern;

public sealed class CircuitBreakerTests : VirtualTimeTestKit
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private int _calls;

    [Fact]
    public async Task Failures_InARow_OpenAndThenOneCallTriesAndCloses()
    {
        List<string> seen = [];
        CircuitBreaker breaker = CircuitBreaker.Create(Sys.Scheduler, 2, Second, 10 * Second)
            .OnOpen(() => seen.Add("open")).OnHalfOpen(() => seen.Add("half")).OnClose(() => seen.Add("close"));
        await Fails(breaker);
        await breaker.WithCircuitBreaker(Succeed);
        await Fails(breaker);
        Assert.True(breaker.IsClosed);
        await Fails(breaker);
        Assert.True(breaker.IsOpen);

        OpenCircuitException refused = await Assert.ThrowsAsync<OpenCircuitException>(() => breaker.WithCircuitBreaker(Succeed));
        Assert.Equal(10 * Second, refused.RemainingDuration);
        Assert.Equal(4, _calls);

        AdvanceAndSettle(10 * Second);
        Assert.True(breaker.IsHalfOpen);
        await breaker.WithCircuitBreaker(Succeed);
        Assert.True(breaker.IsClosed);
        Assert.Equal(["open", "half", "close"], seen);
    }

    [Fact]
    public async Task HalfOpen_TryFails_OpensForLonger()
    {
        CircuitBreaker breaker = CircuitBreaker.Create(Sys.Scheduler, 1, Second, 10 * Second).WithExponentialBackoff(15 * Second);
        await Fails(breaker);
        AdvanceAndSettle(10 * Second);
        await Fails(breaker);

        AdvanceAndSettle(15 * Second - TimeSpan.FromTicks(1));
        Assert.True(breaker.IsOpen);
        AdvanceAndSettle(TimeSpan.FromTicks(1));
        Assert.True(breaker.IsHalfOpen);
    }

    [Fact]
    public async Task Call_LongerThanItsTimeout_IsAFailure()
    {
        CircuitBreaker breaker = CircuitBreaker.Create(Sys.Scheduler, 1, Second, 10 * Second);
        TaskCompletionSource<int> never = new();
        Task<int> call = breaker.WithCircuitBreaker(() => never.Task);

        AdvanceAndSettle(Second);

        await Assert.ThrowsAsync<TimeoutException>(() => call);
        Assert.True(breaker.IsOpen);
    }

    private async Task Fails(CircuitBreaker breaker) => await Assert.ThrowsAsync<IOException>(() => breaker.WithCircuitBreaker(() =>
    {
        _calls++;
        return Task.FromException(new IOException("disk"));
    }));

    private Task Succeed()
    {
        _calls++;
        return Task.CompletedTask;
    }
}
