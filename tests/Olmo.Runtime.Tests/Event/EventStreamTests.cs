using Olmo.Runtime.Actor;
using Olmo.Runtime.Event;
using Olmo.Runtime.TestKit;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Runtime.Tests.Event;

public sealed class EventStreamTests : VirtualTimeTestKit
{
    [Fact]
    public void Publish_BaseClassAndInterface_ReachTheSubscriberOnce()
    {
        TestProbe probe = CreateTestProbe();
        Assert.True(Sys.EventStream.Subscribe(probe, typeof(IEvent)));
        Assert.True(Sys.EventStream.Subscribe(probe, typeof(Base)));
        Assert.False(Sys.EventStream.Subscribe(probe, typeof(Base)));

        Sys.EventStream.Publish(new Derived(1));
        Sys.EventStream.Publish("other");
        Sys.EventStream.Publish(new Derived(2));

        Assert.Equal([new Derived(1), new Derived(2)], probe.ReceiveN(2));
        probe.ExpectNoMsg(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Unsubscribe_TypeOrAll_EndsIt()
    {
        TestProbe probe = CreateTestProbe();
        Sys.EventStream.Subscribe(probe, typeof(Base));
        Assert.True(Sys.EventStream.Unsubscribe(probe, typeof(Base)));
        Assert.False(Sys.EventStream.Unsubscribe(probe));

        Sys.EventStream.Publish(new Derived(1));

        probe.ExpectNoMsg(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void StoppedSubscriber_IsTakenOff()
    {
        IActorRef subscriber = Watch(Sys.ActorOf(Props.Empty));
        Sys.EventStream.Subscribe(subscriber, typeof(Base));
        Sys.Stop(subscriber);
        ExpectTerminated(subscriber);
        Settle();

        Assert.False(Sys.EventStream.Unsubscribe(subscriber));
    }

    [Fact]
    public void DeadLetterForASubscriberThatHasEnded_IsDroppedNotPublishedAgain()
    {
        IActorRef subscriber = Watch(Sys.ActorOf(Props.Empty));
        Sys.Stop(subscriber);
        ExpectTerminated(subscriber);
        TestProbe other = CreateTestProbe();
        Sys.EventStream.Subscribe(other, typeof(AllDeadLetters));

        subscriber.Tell(new DeadLetter("x", TestActor, subscriber));
        other.ExpectNoMsg(TimeSpan.FromSeconds(1));

        // Many at once while nobody has taken the ended subscriber off: each comes to the other one once.
        Sys.EventStream.Subscribe(subscriber, typeof(DeadLetter));
        Lose(3);
        Assert.Equal([0, 1, 2], other.ReceiveN(3).Cast<DeadLetter>().Select(d => (int)d.Message));
    }

    [Fact]
    public void DeadLetters_AreLoggedTenTimesThenSilentForFiveMinutes()
    {
        Settle();
        EventFilter.Info(contains: "was not delivered").Expect(10, () => Lose(25));
        AdvanceAndSettle(TimeSpan.FromMinutes(5));
        EventFilter.Info(contains: "16 of them unlogged").ExpectOne(() => Lose(1));
    }

    private void Lose(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Sys.DeadLetters.Tell(i);
        }
    }

    private interface IEvent;

    private abstract record Base : IEvent;

    private sealed record Derived(int Number) : Base;
}
