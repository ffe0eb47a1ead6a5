using Olmo.Runtime.Actor;
using Olmo.Runtime.Event;
using Olmo.Runtime.TestKit;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Runtime.Tests.Actor;

/// <summary>Guarantees 1, 2, 5, 6, 7, 16 and 17: one message at a time, order, visibility, system messages first, Ask, dead letters.</summary>
public sealed class DeliveryGuaranteeTests : VirtualTimeTestKit
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void G01_G02_G05_ManySenders_OneMessageAtATimeInOrderPerSenderWithPlainFields()
    {
        const int Senders = 64;
        const int Each = 5_000;
        IActorRef receiver = Sys.ActorOf(Props.Create(() => new Ordered(Senders, Senders * Each, TestActor)));

        Parallel.For(0, Senders, new ParallelOptions { MaxDegreeOfParallelism = 8 }, sender =>
        {
            for (int i = 0; i < Each; i++)
            {
                receiver.Tell((sender, i), ActorRefs.NoSender);
            }
        });

        (int overlaps, int disorders, long sum) = ExpectMsg<(int, int, long)>(TimeSpan.FromSeconds(30));
        Assert.Equal(0, overlaps);
        Assert.Equal(0, disorders);
        Assert.Equal((long)Senders * Each * (Each - 1) / 2, sum);
    }

    [Fact]
    public void G06_Stop_OvertakesQueuedMessages()
    {
        using ManualResetEventSlim started = new();
        using ManualResetEventSlim go = new();
        IActorRef worker = Watch(Sys.ActorOf(Props.Create(() => new Blocking(started, go, TestActor))));
        worker.Tell("first");
        started.Wait();
        for (int i = 0; i < 1_000; i++)
        {
            worker.Tell(i);
        }

        TestProbe letters = CreateTestProbe();
        Sys.EventStream.Subscribe(letters, typeof(DeadLetter));
        Sys.Stop(worker);
        go.Set();

        ExpectMsg("first");
        ExpectTerminated(worker);
        Assert.Equal(Enumerable.Range(0, 1_000), letters.ReceiveN(1_000).Cast<DeadLetter>().Select(d => (int)d.Message));
    }

    [Fact]
    public void G07_FailingMessage_IsNotRedeliveredAndTheRestIsKept()
    {
        IActorRef actor = Sys.ActorOf(Props.Create(() => new FailsOn(2, TestActor)));

        foreach (int i in new[] { 1, 2, 3 })
        {
            actor.Tell(i);
        }

        ExpectMsg(1);
        ExpectMsg(3);
        ExpectNoMsg(Second);
    }

    [Fact]
    public async Task G16_Ask_AnswerOfItsType_IsReturned()
    {
        Assert.Equal("x", await Answering("x").Ask<string>("?", Second));
        Assert.IsType<Status.Failure>(await Answering(new Status.Failure(new IOException("disk"))).Ask<object>("?", Second));
        AssertNoTemporaries();
    }

    [Fact]
    public async Task G16_Ask_Failure_ThrowsItsCause()
    {
        IOException failure = await Assert.ThrowsAsync<IOException>(() => Answering(new Status.Failure(new IOException("disk"))).Ask<string>("?", Second));

        Assert.Equal("disk", failure.Message);
        AssertNoTemporaries();
    }

    [Fact]
    public async Task G16_Ask_OtherType_ThrowsArgumentException()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Answering(1).Ask<string>("?", Second));
        AssertNoTemporaries();
    }

    [Fact]
    public async Task G16_Ask_Timeout_ThrowsAndTheLateAnswerIsADeadLetter()
    {
        TestProbe letters = CreateTestProbe();
        Sys.EventStream.Subscribe(letters, typeof(DeadLetter));
        TestProbe server = CreateTestProbe();
        Task<string> answer = server.Ref.Ask<string>("?", Second);
        server.ExpectMsg("?");

        AdvanceAndSettle(Second - TimeSpan.FromMilliseconds(1));
        Assert.False(answer.IsCompleted);
        AdvanceAndSettle(TimeSpan.FromMilliseconds(1));
        await Assert.ThrowsAsync<AskTimeoutException>(() => answer);
        server.Reply("late");

        Assert.Equal("late", letters.ExpectMsg<DeadLetter>().Message);
        AssertNoTemporaries();
    }

    [Fact]
    public async Task G16_Ask_Cancelled_ThrowsOperationCanceled()
    {
        using CancellationTokenSource source = new();
        Task<string> answer = CreateTestProbe().Ref.Ask<string>("?", source.Token);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        AssertNoTemporaries();
    }

    [Fact]
    public async Task G16_Ask_MessageFactory_GetsTheRefThatWaits()
    {
        TestProbe server = CreateTestProbe();
        Task<int> answer = server.Ref.Ask<int>(replyTo => replyTo, Second, CancellationToken.None);

        server.ExpectMsg<IActorRef>().Tell(7);

        Assert.Equal(7, await answer);
    }

    [Fact]
    public void G17_StoppedAndUnknownTargets_GiveDeadLettersWithSenderAndRecipient()
    {
        TestProbe letters = CreateTestProbe();
        Sys.EventStream.Subscribe(letters, typeof(AllDeadLetters));
        IActorRef stopped = Watch(Answering("x"));
        Sys.Stop(stopped);
        ExpectTerminated(stopped);

        stopped.Tell("to the stopped");
        DeadLetter first = letters.FishForMessage<DeadLetter>(d => d.Message is "to the stopped");
        Assert.Equal((TestActor, stopped), (first.Sender, first.Recipient));

        Sys.ActorSelection("/user/nobody").Tell("to nobody");
        DeadLetter second = letters.FishForMessage<DeadLetter>(d => d.Message is "to nobody");
        Assert.Equal("akka://test/user/nobody", second.Recipient.Path.ToString());

        stopped.Tell(PoisonPill.Instance);
        letters.ExpectMsg<SuppressedDeadLetter>();
    }

    [Fact]
    public void Tell_Null_ThrowsInvalidMessage()
    {
        IActorRef actor = Answering("x");

        Assert.Throws<InvalidMessageException>(() => actor.Tell(null!, ActorRefs.NoSender));
    }

    [Fact]
    public async Task ResolveOne_KnownAndUnknown()
    {
        IActorRef known = Sys.ActorOf(Props.Create(() => new FailsOn(-1, TestActor)), "known");

        Assert.Equal(known, await Sys.ActorSelection("/user/known").ResolveOne(Second));
        await Assert.ThrowsAsync<ActorNotFoundException>(() => Sys.ActorSelection("/user/unknown").ResolveOne(Second));
    }

    private IActorRef Answering(object answer)
    {
        TestProbe server = CreateTestProbe();
        server.SetAutoPilot(new DelegateAutoPilot((sender, _) =>
        {
            sender.Tell(answer);
            return AutoPilot.KeepRunning;
        }));
        return server.Ref;
    }

    private void AssertNoTemporaries()
    {
        Settle();
        Assert.Equal(0, ((ActorSystemImpl)Sys).TemporaryCount);
    }

    private sealed class Ordered : ReceiveActor
    {
        private readonly int[] _next;
        private int _inside;
        private int _overlaps;
        private int _disorders;
        private int _count;
        private long _sum;

        public Ordered(int senders, int total, IActorRef report)
        {
            _next = new int[senders];
            Receive<(int Sender, int Number)>(m =>
            {
                _overlaps += Interlocked.Increment(ref _inside) == 1 ? 0 : 1;
                _disorders += _next[m.Sender]++ == m.Number ? 0 : 1;
                _sum += m.Number;
                Interlocked.Decrement(ref _inside);
                if (++_count == total)
                {
                    report.Tell((_overlaps, _disorders, _sum));
                }
            });
        }
    }

    private sealed class Blocking : ReceiveActor
    {
        public Blocking(ManualResetEventSlim started, ManualResetEventSlim go, IActorRef report) => ReceiveAny(message =>
        {
            started.Set();
            go.Wait();
            report.Tell(message);
        });
    }

    private sealed class FailsOn : ReceiveActor
    {
        public FailsOn(int number, IActorRef report) => Receive<int>(i =>
        {
            if (i == number)
            {
                throw new InvalidOperationException("as asked");
            }

            report.Tell(i);
        });
    }
}
