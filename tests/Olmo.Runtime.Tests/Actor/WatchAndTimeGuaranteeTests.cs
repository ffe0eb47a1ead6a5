using Olmo.Runtime.Actor;
using Olmo.Runtime.TestKit;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Runtime.Tests.Actor;

/// <summary>Guarantees 13, 15, 18, 19 and the handlers that await: death watch, death pact, timers, stash.</summary>
public sealed class WatchAndTimeGuaranteeTests : VirtualTimeTestKit
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void G13_WatchRacingStop_GivesExactlyOneTerminatedEach()
    {
        const int Actors = 2_000;
        IActorRef watcher = Sys.ActorOf(Props.Create(() => new CountingWatcher(TestActor)));
        for (int i = 0; i < Actors; i++)
        {
            IActorRef subject = Sys.ActorOf(Props.Create(() => new Quiet()));
            watcher.Tell(new Subject(subject, Unwatch: i % 4 == 3));
            Sys.Stop(subject);
            watcher.Tell(new Subject(subject, Unwatch: i % 4 == 3));
        }

        watcher.Tell("report");
        ExpectMsg("report");
        Settle();
        watcher.Tell("counts");
        IReadOnlyList<int> counts = ExpectMsg<IReadOnlyList<int>>(TimeSpan.FromSeconds(20));
        Assert.All(counts, c => Assert.Equal(1, c));
        Assert.Equal(Actors * 3 / 4, counts.Count);
    }

    [Fact]
    public void G13_WatchOfADeadActor_IsAnsweredWithoutConfirmation()
    {
        IActorRef subject = Watch(Sys.ActorOf(Props.Create(() => new Quiet())));
        Sys.Stop(subject);
        Assert.True(ExpectTerminated(subject).ExistenceConfirmed);

        Watch(subject);

        Assert.False(ExpectTerminated(subject).ExistenceConfirmed);
    }

    [Fact]
    public void WatchWith_GivesTheOwnMessage_AndASecondOtherOneIsRefused()
    {
        IActorRef subject = Sys.ActorOf(Props.Create(() => new Quiet()));
        IActorRef watcher = Sys.ActorOf(Props.Create(() => new WatchesWith(subject, TestActor)));
        watcher.Tell("again");
        ExpectMsg<InvalidOperationException>();

        Sys.Stop(subject);

        ExpectMsg("gone");
    }

    [Fact]
    public void G15_UnhandledTerminated_StopsTheWatcher()
    {
        IActorRef subject = Sys.ActorOf(Props.Create(() => new Quiet()));
        IActorRef watcher = Watch(Sys.ActorOf(Props.Create(() => new Pact(subject))));
        Settle();

        EventFilter.Exception<DeathPactException>().ExpectOne(() => Sys.Stop(subject));

        ExpectTerminated(watcher);
    }

    [Fact]
    public void G18_TimerCancelledReplacedOrOfAnEarlierIncarnation_IsNotDeliveredEvenIfQueued()
    {
        using ManualResetEventSlim started = new();
        using ManualResetEventSlim go = new();
        IActorRef timed = Sys.ActorOf(Props.Create(() => new Timed(TestActor, started, go)));
        timed.Tell("start");
        ExpectMsg("started");
        foreach (string then in new[] { "cancel", "replace", "fail" })
        {
            started.Reset();
            go.Reset();
            timed.Tell("arm");
            ExpectMsg("armed");
            timed.Tell("block-" + then);
            started.Wait();

            // Due while the actor is busy: the timer's message lies in the mailbox when the actor goes on.
            Clock.Advance(Second);
            go.Set();
            timed.Tell("mark");
            ExpectMsg("mark");
        }

        AdvanceAndSettle(2 * Second);
        ExpectMsg("tick of the replacement");
        ExpectNoMsg(Second);
    }

    [Fact]
    public void Timers_PeriodicOnVirtualTime_TicksAtEachInterval()
    {
        Sys.ActorOf(Props.Create(() => new Periodic(TestActor)));
        Settle();

        AdvanceAndSettle(3 * Second);

        Assert.Equal([Second, 2 * Second, 3 * Second], ReceiveN(3).Cast<TimeSpan>());
        ExpectNoMsg(Second - TimeSpan.FromTicks(1));
    }

    [Fact]
    public void G19_Stash_KeepsItsOrderThroughAFailure()
    {
        IActorRef stashing = Sys.ActorOf(Props.Create(() => new Stashing(TestActor)));
        foreach (object message in new object[] { 1, 2, 3, "fail", 4, "open" })
        {
            stashing.Tell(message);
        }

        // The failure gives 1, 2, 3 back to the mailbox, before 4.
        Assert.Equal([1, 2, 3, 4], ReceiveN(4).Cast<int>());
    }

    [Fact]
    public void G19_StashTwice_Throws()
    {
        IActorRef stashing = Sys.ActorOf(Props.Create(() => new Stashing(TestActor)));

        stashing.Tell("twice");

        ExpectMsg<IllegalActorStateException>();
    }

    [Fact]
    public void G19_StashedTerminated_IsHandledWhenUnstashed()
    {
        IActorRef subject = Sys.ActorOf(Props.Create(() => new Quiet()));
        IActorRef stashing = Sys.ActorOf(Props.Create(() => new Stashing(TestActor)));
        stashing.Tell(subject);
        Settle();
        Sys.Stop(subject);
        Settle();

        stashing.Tell("open");

        ExpectMsg(subject);
    }

    [Fact]
    public void ReceiveTimeout_RepeatsUntilSwitchedOff()
    {
        IActorRef actor = Sys.ActorOf(Props.Create(() => new TimesOut(TestActor, Second)));
        Settle();
        AdvanceAndSettle(Second - TimeSpan.FromTicks(1));
        actor.Tell("influences");
        Settle();
        AdvanceAndSettle(Second - TimeSpan.FromTicks(1));
        ExpectNoMsg(TimeSpan.Zero);

        AdvanceAndSettle(TimeSpan.FromTicks(1));
        ExpectMsg<ReceiveTimeout>();
        AdvanceAndSettle(Second);
        ExpectMsg<ReceiveTimeout>();
        actor.Tell("off");
        ExpectNoMsg(5 * Second);
    }

    [Fact]
    public void Await_UserMessagesWaitAndSenderIsKept()
    {
        TaskCompletionSource<string> outside = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef awaiting = Sys.ActorOf(Props.Create(() => new Awaiting(outside.Task, TestActor)));
        awaiting.Tell("await");
        awaiting.Tell("next");
        ExpectNoMsg(Second);

        outside.SetResult("done");

        ExpectMsg("done");
        ExpectMsg("next");
    }

    [Fact]
    public void Await_StopMeanwhile_CancelsTheTokenAndWaitsForTheHandler()
    {
        TaskCompletionSource<string> never = new();
        IActorRef awaiting = Watch(Sys.ActorOf(Props.Create(() => new Awaiting(never.Task, TestActor))));
        awaiting.Tell("await");
        Settle();

        Sys.Stop(awaiting);

        ExpectMsg("cancelled, finally ran");
        ExpectTerminated(awaiting);
    }

    [Fact]
    public void Await_StopAndHandlerIgnoresIt_ActorEndsAfterTheGraceAndFinallyStillRuns()
    {
        TaskCompletionSource<string> late = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef awaiting = Watch(Sys.ActorOf(Props.Create(() => new Awaiting(late.Task, TestActor))));
        awaiting.Tell("stubborn");
        Settle();
        Sys.Stop(awaiting);

        AdvanceAndSettle(TimeSpan.FromSeconds(5) - TimeSpan.FromMilliseconds(1));
        Assert.False(HasMessages);
        AdvanceAndSettle(TimeSpan.FromMilliseconds(1));
        ExpectTerminated(awaiting);
        late.SetResult("late");

        ExpectMsg("finally ran without a context");
    }

    private sealed record Subject(IActorRef Ref, bool Unwatch);

    private sealed class Quiet : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class CountingWatcher : ReceiveActor
    {
        private readonly Dictionary<IActorRef, int> _counts = [];

        public CountingWatcher(IActorRef report)
        {
            Receive<Subject>(s =>
            {
                if (!s.Unwatch)
                {
                    if (_counts.TryAdd(s.Ref, 0))
                    {
                        Context.Watch(s.Ref);
                    }
                }
                else
                {
                    Context.Watch(s.Ref);
                    Context.Unwatch(s.Ref);
                }
            });
            Receive<Terminated>(t => _counts[t.ActorRef] = _counts.GetValueOrDefault(t.ActorRef) + 1);
            Receive<string>(m => report.Tell(m == "counts" ? _counts.Values.ToList() : m));
        }
    }

    private sealed class WatchesWith : ReceiveActor
    {
        public WatchesWith(IActorRef subject, IActorRef report)
        {
            Context.WatchWith(subject, "gone");
            Receive<string>(m => m == "again", _ =>
            {
                try
                {
                    Context.WatchWith(subject, "other");
                }
                catch (InvalidOperationException refused)
                {
                    report.Tell(refused);
                }
            });
            ReceiveAny(report.Tell);
        }
    }

    private sealed class Pact : UntypedActor
    {
        public Pact(IActorRef subject) => Context.Watch(subject);

        protected override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class Timed : ReceiveActor, IWithTimers
    {
        public Timed(IActorRef report, ManualResetEventSlim started, ManualResetEventSlim go)
        {
            Receive<string>(m =>
            {
                switch (m)
                {
                    case "arm":
                        Timers.StartSingleTimer("key", "tick", TimeSpan.FromSeconds(1));
                        report.Tell("armed");
                        break;
                    case "block-cancel":
                        Block();
                        Timers.Cancel("key");
                        break;
                    case "block-replace":
                        Block();
                        Timers.StartSingleTimer("key", "tick of the replacement", TimeSpan.FromHours(1));
                        Timers.StartSingleTimer("other", "tick of the replacement", TimeSpan.FromHours(1));
                        Timers.Cancel("other");
                        break;
                    case "block-fail":
                        Block();
                        throw new InvalidOperationException("as asked");
                    case "start":
                        report.Tell("started");
                        break;
                    default:
                        report.Tell(m);
                        break;
                }
            });

            void Block()
            {
                started.Set();
                go.Wait();
            }
        }

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PostRestart(Exception reason) =>
            Timers.StartSingleTimer("key", "tick of the replacement", TimeSpan.FromSeconds(2));
    }

    private sealed class Periodic : ReceiveActor, IWithTimers
    {
        public Periodic(IActorRef report) => Receive<string>(_ => report.Tell(Context.System.Scheduler.MonotonicClock));

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart() => Timers.StartPeriodicTimer("key", "tick", TimeSpan.FromSeconds(1));
    }

    private sealed class Stashing : ReceiveActor, IWithUnboundedStash
    {
        private readonly IActorRef _report;

        public Stashing(IActorRef report)
        {
            _report = report;
            Receive<int>(_ => Stash.Stash());
            Receive<Terminated>(_ => Stash.Stash());
            Receive<IActorRef>(subject => Context.Watch(subject));
            Receive<string>(m =>
            {
                switch (m)
                {
                    case "fail":
                        throw new InvalidOperationException("as asked");
                    case "twice":
                        Stash.Stash();
                        report.Tell(Record.Exception(Stash.Stash)!);
                        break;
                    default:
                        Become(Open);
                        Stash.UnstashAll();
                        break;
                }
            });
        }

        public IStash Stash { get; set; } = null!;

        private void Open()
        {
            // A Terminated as such would be dropped by the test actor, which does not watch.
            Receive<Terminated>(t => _report.Tell(t.ActorRef));
            ReceiveAny(_report.Tell);
        }
    }

    private sealed class TimesOut : ReceiveActor
    {
        public TimesOut(IActorRef report, TimeSpan timeout)
        {
            SetReceiveTimeout(timeout);
            Receive<ReceiveTimeout>(report.Tell);
            Receive<string>(m =>
            {
                if (m == "off")
                {
                    SetReceiveTimeout(null);
                }
            });
        }
    }

    private sealed class Awaiting : ReceiveActor
    {
        public Awaiting(Task<string> outside, IActorRef report)
        {
            ReceiveAsync<string>(
                m => m == "await",
                async _ =>
                {
                    CancellationToken stop = Scheduling.HandlerStop.StopToken(Context);
                    try
                    {
                        Sender.Tell(await outside.WaitAsync(stop));
                    }
                    finally
                    {
                        if (stop.IsCancellationRequested)
                        {
                            report.Tell("cancelled, finally ran");
                        }
                    }
                });
            ReceiveAsync<string>(
                m => m == "stubborn",
                async _ =>
                {
                    try
                    {
                        await outside;
                    }
                    finally
                    {
                        report.Tell(HasContext() ? "context" : "finally ran without a context", ActorRefs.NoSender);
                    }
                });
            ReceiveAny(m => Sender.Tell(m));
        }

        private static bool HasContext()
        {
            try
            {
                return Context is not null;
            }
            catch (NotSupportedException)
            {
                return false;
            }
        }
    }
}
