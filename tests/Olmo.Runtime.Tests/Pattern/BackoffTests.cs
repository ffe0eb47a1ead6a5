using Olmo.Runtime.Actor;
using Olmo.Runtime.Event;
using Olmo.Runtime.Pattern;
using Olmo.Runtime.TestKit;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Runtime.Tests.Pattern;

/// <summary>Guarantee 20: delays of restarts.</summary>
public sealed class BackoffTests : VirtualTimeTestKit
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(0, 0.0, 1.0)]
    [InlineData(1, 0.0, 2.0)]
    [InlineData(2, 0.5, 4.4)]
    [InlineData(3, 0.0, 5.0)]
    [InlineData(3, 1.0, 6.0)]
    [InlineData(400, 0.0, 5.0)]
    public void G20_Delay_FollowsTheFormulaAndMayExceedTheMaximumByTheFactor(int restarts, double unit, double seconds)
    {
        BackoffSettings settings = Backoff.OnStop(Props.Empty, "child", Second, 5 * Second, 0.2).Settings;

        Assert.Equal(seconds, settings.Delay(restarts, unit).TotalSeconds, 9);
    }

    [Fact]
    public void G20_OnStop_StartsLaterAndLaterAndForgetsAfterAQuietTime()
    {
        IActorRef supervisor = Start(Backoff.OnStop(Child(), "child", Second, 4 * Second, 0.0));
        foreach (int delay in new[] { 1, 2, 4, 4 })
        {
            supervisor.Tell(PoisonChild.Instance);
            AssertStartsAfter(delay * Second);
        }

        AssertRestarts(supervisor, 4);
        AdvanceAndSettle(Second);
        AssertRestarts(supervisor, 0);
        supervisor.Tell(PoisonChild.Instance);
        AssertStartsAfter(Second);
    }

    [Fact]
    public void G20_OnStop_RandomFactor_IsTheSeedsAndWithinItsRange()
    {
        Start(Backoff.OnStop(Child(), "child", Second, 4 * Second, 0.5)).Tell(PoisonChild.Instance);
        Settle();

        AdvanceAndSettle(Second - TimeSpan.FromTicks(1));
        Assert.False(HasMessages);
        AdvanceAndSettle(Second / 2);
        ExpectMsg("started");
    }

    [Fact]
    public void OnStop_ChildThrows_IsRestartedAtOnceUnlessTheStrategyStops()
    {
        IActorRef plain = Start(Backoff.OnStop(Child(), "child", Second, 4 * Second, 0.0));
        plain.Tell("fail");
        ExpectMsg("started");

        IActorRef stopping = Start(Backoff.OnStop(Child(), "child", Second, 4 * Second, 0.0).WithDefaultStoppingStrategy());
        stopping.Tell("fail");
        AssertStartsAfter(Second);
    }

    [Fact]
    public void OnFailure_ChildThrows_IsDelayed_AndChildStops_EndsTheSupervisor()
    {
        IActorRef supervisor = Watch(Start(Backoff.OnFailure(Child(), "child", Second, 4 * Second, 0.0)));
        supervisor.Tell("fail");
        AssertStartsAfter(Second);

        supervisor.Tell(PoisonChild.Instance);

        ExpectTerminated(supervisor);
    }

    [Fact]
    public void WithoutAChild_MessagesAreAnsweredOrDead()
    {
        IActorRef answering = Start(Backoff.OnStop(Child(), "child", Second, 4 * Second, 0.0).WithReplyWhileStopped("not now"));
        answering.Tell(PoisonChild.Instance);
        Settle();
        answering.Tell("hello");
        ExpectMsg("not now");

        IActorRef silent = Start(Backoff.OnStop(Child(), "child", Second, 4 * Second, 0.0));
        silent.Tell(PoisonChild.Instance);
        Settle();
        EventFilter.DeadLetter<string>().ExpectOne(() => silent.Tell("hello"));
    }

    [Fact]
    public void MaxNrOfRetries_UsedUp_EndsTheSupervisor()
    {
        IActorRef supervisor = Watch(Start(Backoff.OnStop(Child(), "child", Second, 4 * Second, 0.0, 1).WithManualReset()));
        supervisor.Tell(PoisonChild.Instance);
        AssertStartsAfter(Second);

        supervisor.Tell(PoisonChild.Instance);

        ExpectTerminated(supervisor);
    }

    private Props Child() => Props.Create(() => new Worker(TestActor));

    private IActorRef Start(BackoffOptions options)
    {
        IActorRef supervisor = Sys.ActorOf(BackoffSupervisor.Props(options));
        ExpectMsg("started");
        return supervisor;
    }

    private void AssertStartsAfter(TimeSpan delay)
    {
        Settle();
        AdvanceAndSettle(delay - TimeSpan.FromTicks(1));
        Assert.False(HasMessages);
        AdvanceAndSettle(TimeSpan.FromTicks(1));
        ExpectMsg("started");
    }

    private void AssertRestarts(IActorRef supervisor, int expected)
    {
        supervisor.Tell(BackoffSupervisor.GetRestartCount.Instance);
        Assert.Equal(expected, ExpectMsg<BackoffSupervisor.RestartCount>().Count);
    }

    private sealed class PoisonChild
    {
        public static readonly PoisonChild Instance = new();
    }

    private sealed class Worker : ReceiveActor
    {
        public Worker(IActorRef report)
        {
            report.Tell("started");
            Receive<PoisonChild>(_ => Context.Stop(Self));
            Receive<string>(m => m == "fail", _ => throw new InvalidOperationException("as asked"));
        }
    }
}
