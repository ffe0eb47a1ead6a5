using Olmo.Runtime.Actor;
using Olmo.Runtime.Event;
using Olmo.Runtime.TestKit;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Runtime.Tests.Actor;

/// <summary>Guarantees 8 to 12: hooks, failing starts, restart windows, siblings, escalation.</summary>
public sealed class SupervisionGuaranteeTests : VirtualTimeTestKit
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void G08_Restart_HooksRunInOrder()
    {
        IActorRef actor = Watch(Sys.ActorOf(Props.Create(() => new Hooked(TestActor, false)), "a"));
        AssertCalls("a ctor", "a PreStart");

        actor.Tell(new InvalidOperationException("boom"));
        AssertCalls("a PreRestart boom InvalidOperationException", "a PostStop", "a ctor", "a PostRestart boom", "a PreStart");

        Sys.Stop(actor);
        AssertCalls("a PostStop");
        ExpectTerminated(actor);
    }

    [Fact]
    public void G08_RestartWithChild_StopsTheChildFirstAndRefSurvives()
    {
        IActorRef actor = Sys.ActorOf(Props.Create(() => new Hooked(TestActor, true)), "a");
        AssertCalls("a ctor", "a PreStart", "child ctor", "child PreStart");
        ActorPath before = actor.Path;

        actor.Tell(new InvalidOperationException("boom"));
        AssertCalls(
            "a PreRestart boom InvalidOperationException", "a PostStop", "child PostStop", "a ctor", "a PostRestart boom", "a PreStart", "child ctor", "child PreStart");
        Assert.Equal(before.Uid, actor.Path.Uid);
    }

    [Fact]
    public void G09_ConstructorThrows_ChildStops()
    {
        IActorRef actor = Sys.ActorOf(Props.Create(() => new ThrowsOnStart(true)));

        ExpectTerminated(Watch(actor));
    }

    [Fact]
    public void G09_PostRestartThrows_ChildStops()
    {
        IActorRef actor = Watch(Sys.ActorOf(Props.Create(() => new ThrowsOnStart(false))));

        EventFilter.Exception<PostRestartException>().ExpectOne(() => actor.Tell("fail"));

        ExpectTerminated(actor);
    }

    [Theory]
    [InlineData(0, false, 0)]
    [InlineData(2, false, 2)]
    [InlineData(0, true, 0)]
    [InlineData(-1, true, 1)]
    [InlineData(3, true, 3)]
    public void G10_RestartsWithoutPause_AreAllowedAsOftenAsTheTableSays(int retries, bool window, int allowed)
    {
        IActorRef child = Watch(ChildActorOf(Props.Create(() => new Failing(TestActor)), new OneForOneStrategy(
            retries, window ? Window : null, _ => Directive.Restart)));

        ExpectMsg("started");
        for (int i = 0; i < allowed; i++)
        {
            child.Tell("fail");
            ExpectMsg("started");
        }

        child.Tell("fail");
        ExpectTerminated(child);
    }

    [Fact]
    public void G10_NoLimit_RestartsAlways()
    {
        IActorRef child = Watch(ChildActorOf(Props.Create(() => new Failing(TestActor)), new OneForOneStrategy(-1, (TimeSpan?)null, _ => Directive.Restart)));

        ExpectMsg("started");
        for (int i = 0; i < 50; i++)
        {
            child.Tell("fail");
            ExpectMsg("started");
        }
    }

    [Fact]
    public void G10_SecondFailureJustInsideTheWindow_Stops()
    {
        IActorRef child = Watch(ChildActorOf(Props.Create(() => new Failing(TestActor)), new OneForOneStrategy(1, Window, _ => Directive.Restart)));
        ExpectMsg("started");
        child.Tell("fail");
        ExpectMsg("started");

        AdvanceAndSettle(Window - Tick);
        child.Tell("fail");

        ExpectTerminated(child);
    }

    [Fact]
    public void G10_SecondFailureJustAfterTheWindow_OpensTheNextWindowAndCountsAsItsFirst()
    {
        IActorRef child = Watch(ChildActorOf(Props.Create(() => new Failing(TestActor)), new OneForOneStrategy(1, Window, _ => Directive.Restart)));
        ExpectMsg("started");
        child.Tell("fail");
        ExpectMsg("started");

        AdvanceAndSettle(Window + Tick);
        child.Tell("fail");
        ExpectMsg("started");
        AdvanceAndSettle(Window - Tick);
        child.Tell("fail");

        ExpectTerminated(child);
    }

    [Fact]
    public void G11_AllForOne_RestartsSiblingsToo()
    {
        IActorRef parent = Sys.ActorOf(Props.Create(() => new Parent(TestActor)), "parent");
        // Two children start beside each other: each in its own order.
        Assert.Equal(["1 ctor", "1 PreStart", "2 ctor", "2 PreStart"], ReceiveN(4).Cast<string>().OrderBy(c => c[0]));

        Sys.ActorSelection("/user/parent/1").Tell(new InvalidOperationException("boom"));

        List<string> calls = [.. ReceiveN(10).Cast<string>()];
        Assert.Equal(2, calls.Count(c => c.EndsWith("ctor", StringComparison.Ordinal)));
        Assert.Equal(2, calls.Count(c => c.EndsWith("PostRestart boom", StringComparison.Ordinal)));
        Assert.Contains("2 PreRestart boom none", calls);
        Assert.NotNull(parent);
    }

    [Fact]
    public async Task G12_EscalationOutOfUser_EndsTheSystemWithTheReasonLogged()
    {
        using ActorSystem system = NewSystem(null, o => o with { GuardianStrategy = new OneForOneStrategy(_ => Directive.Escalate) }, "escalate");
        IActorRef actor = system.ActorOf(Props.Create(() => new Failing(TestActor)));
        ExpectMsg("started");

        CreateEventFilter(system).Exception<InvalidOperationException>(contains: "as asked").ExpectOne(() => actor.Tell("fail"));

        await system.WhenTerminated.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.IsType<InvalidOperationException>(((ActorSystemImpl)system).EndedBy);
    }

    [Fact]
    public void Resume_KeepsTheStateAndWarns()
    {
        IActorRef child = ChildActorOf(Props.Create(() => new Failing(TestActor)), new OneForOneStrategy(_ => Directive.Resume));
        ExpectMsg("started");

        EventFilter.Warning("as asked").ExpectOne(() => child.Tell("fail"));

        child.Tell("count");
        ExpectMsg(1);
    }

    [Fact]
    public void DuplicateName_Throws_AndIsFreeAfterTheEndWasProcessed()
    {
        IActorRef first = Watch(Sys.ActorOf(Props.Create(() => new Failing(TestActor)), "name"));
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Props.Create(() => new Failing(TestActor)), "name"));

        Sys.Stop(first);
        FishForMessage<Terminated>(_ => true);
        Settle();

        IActorRef second = Sys.ActorOf(Props.Create(() => new Failing(TestActor)), "name");
        Assert.Equal(first.Path, second.Path);
        Assert.NotEqual(first, second);
    }

    private void AssertCalls(params string[] calls) => Assert.Equal(calls, ReceiveN(calls.Length).Cast<string>());

    private sealed class Hooked : ReceiveActor
    {
        private readonly IActorRef _log;
        private readonly bool _child;
        private readonly string _name = Context.Self.Path.Name;

        public Hooked(IActorRef log, bool child)
        {
            (_log, _child) = (log, child);
            log.Tell($"{_name} ctor");
            Receive<Exception>(e => throw e);
        }

        protected override void PreStart()
        {
            _log.Tell($"{_name} PreStart");
            if (_child)
            {
                Context.ActorOf(Props.Create(() => new Hooked(_log, false)), "child");
            }
        }

        protected override void PostStop() => _log.Tell($"{_name} PostStop");

        protected override void PreRestart(Exception reason, object? message)
        {
            _log.Tell($"{_name} PreRestart {reason.Message} {message?.GetType().Name ?? "none"}");
            base.PreRestart(reason, message);
        }

        protected override void PostRestart(Exception reason)
        {
            _log.Tell($"{_name} PostRestart {reason.Message}");
            base.PostRestart(reason);
        }
    }

    private sealed class Parent(IActorRef log) : UntypedActor
    {
        protected override void PreStart()
        {
            Context.ActorOf(Props.Create(() => new Hooked(log, false)), "1");
            Context.ActorOf(Props.Create(() => new Hooked(log, false)), "2");
        }

        protected override SupervisorStrategy SupervisorStrategy() => new AllForOneStrategy(_ => Directive.Restart);

        protected override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class ThrowsOnStart : UntypedActor
    {
        public ThrowsOnStart(bool now)
        {
            if (now)
            {
                throw new InvalidOperationException("no start");
            }
        }

        protected override void PostRestart(Exception reason) => throw new InvalidOperationException("no restart");

        protected override void OnReceive(object message) => throw new InvalidOperationException("fails");
    }

    private sealed class Failing : ReceiveActor
    {
        private int _failures;

        public Failing(IActorRef report)
        {
            report.Tell("started");
            Receive<string>(
                m => m == "fail",
                _ =>
                {
                    _failures++;
                    throw new InvalidOperationException("as asked");
                });
            Receive<string>(_ => Sender.Tell(_failures));
        }
    }
}
