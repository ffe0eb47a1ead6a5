using Olmo.Runtime.Actor;
using Olmo.Runtime.Event;
using Olmo.Runtime.TestKit;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Runtime.Tests.TestKit;

public sealed class TestKitTests : VirtualTimeTestKit
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void TestActor_IsTheSenderOfWhatTheTestSends()
    {
        IActorRef echo = Sys.ActorOf(Props.Create(() => new Echo()));

        echo.Tell("hello");

        ExpectMsg("hello");
        Assert.Equal(echo, LastSender);
    }

    [Fact]
    public async Task TestActor_StaysTheSenderAfterAnAwait()
    {
        await Task.Yield();
        Sys.ActorOf(Props.Create(() => new Echo())).Tell("hello");

        Assert.Equal("hello", await ExpectMsgAsync<string>());
    }

    [Fact]
    public void Probe_SendReplyForward_UsesItsOwnRef()
    {
        TestProbe client = CreateTestProbe();
        TestProbe server = CreateTestProbe("server");
        client.Send(server, 1);
        server.ExpectMsg(1);
        Assert.Equal(client.Ref, server.Sender);
        server.Reply(2);
        client.ExpectMsgFrom(server, 2);
        server.Forward(TestActor);
        ExpectMsgFrom(client, 1);
    }

    [Fact]
    public void ExpectMsg_OtherType_FailsWithBothTypes()
    {
        TestActor.Tell(1);

        Exception failure = Assert.ThrowsAny<Exception>(() => ExpectMsg<string>());
        Assert.Contains("System.String", failure.Message, StringComparison.Ordinal);
        Assert.Contains("System.Int32", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ExpectNoMsg_MovesTheVirtualClock()
    {
        Sys.Scheduler.ScheduleTellOnce(2 * Second, TestActor, "late", ActorRefs.NoSender);

        ExpectNoMsg(2 * Second - TimeSpan.FromTicks(1));
        Assert.Equal(2 * Second - TimeSpan.FromTicks(1), Clock.Elapsed);
        AdvanceAndSettle(TimeSpan.FromTicks(1));
        ExpectMsg("late");
    }

    [Fact]
    public void Within_MeasuresTheVirtualClock()
    {
        Within(3 * Second, 3 * Second, () => AdvanceAndSettle(3 * Second));

        Assert.ThrowsAny<Exception>(() => Within(2 * Second, () => AdvanceAndSettle(3 * Second)));
    }

    [Fact]
    public void ExpectTerminated_WatchedActorStops()
    {
        IActorRef echo = Watch(Sys.ActorOf(Props.Create(() => new Echo())));

        Sys.Stop(echo);

        Assert.True(ExpectTerminated(echo).ExistenceConfirmed);
    }

    [Fact]
    public void EventFilter_CountsExactly()
    {
        EventFilter.Warning(start: "careful").Expect(2, () =>
        {
            Sys.Log.Warning("careful {0}", 1);
            Sys.Log.Warning("careful {0}", 2);
            Sys.Log.Warning("other");
        });
        EventFilter.DeadLetter<string>().ExpectOne(() => Sys.DeadLetters.Tell("gone"));
        Assert.ThrowsAny<Exception>(() => EventFilter.Error().ExpectOne(() => Sys.Log.Warning("no error")));
        Assert.ThrowsAny<Exception>(() => EventFilter.Warning("w").Expect(0, () => Sys.Log.Warning("w")));
    }

    [Fact]
    public void AutoPilot_AnswersUntilItEnds()
    {
        TestProbe server = CreateTestProbe();
        server.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            sender.Tell($"re {message}");
            return message is 2 ? AutoPilot.NoAutoPilot : AutoPilot.KeepRunning;
        }));
        foreach (int i in new[] { 1, 2, 3 })
        {
            server.Ref.Tell(i);
        }

        ExpectMsg("re 1");
        ExpectMsg("re 2");
        ExpectNoMsg(Second);
        Assert.Equal([1, 2, 3], server.ReceiveN(3).Cast<int>());
    }

    [Fact]
    public void Receiving_FishesIgnoresAndKeepsOrder()
    {
        IgnoreMessages<int>();
        foreach (object message in new object[] { 1, "a", 2, "b", "c" })
        {
            TestActor.Tell(message);
        }

        Assert.Equal("b", FishForMessage<string>(m => m == "b"));
        Assert.Equal(["c"], ReceiveWhile<string>(_ => true, max: TimeSpan.Zero));
        IgnoreNoMessages();
        TestActor.Tell(3);
        ExpectMsg(3);
    }

    [Fact]
    public void ChildActorOf_UsesTheGivenStrategy()
    {
        IActorRef child = Watch(ChildActorOf(Props.Create(() => new Echo()), SupervisorStrategy.StoppingStrategy));

        EventFilter.Exception<InvalidOperationException>().ExpectOne(() => child.Tell(new InvalidOperationException("x")));

        ExpectTerminated(child);
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo()
        {
            Receive<Exception>(e => throw e);
            ReceiveAny(message => Sender.Tell(message));
        }
    }
}
