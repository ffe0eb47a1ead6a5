using System.Collections.Immutable;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Contracts;
using Olmo.Runtime.Hosting;
using Olmo.Runtime.Pattern;
using Olmo.Runtime.Persistence.TestKit;
using Olmo.Runtime.Storage;
using Olmo.TestKit.Storage;

namespace Olmo.Runtime.Tests.Persistence;

/// <summary>Rows 22 to 26 of the guarantees, and the table of failures.</summary>
public sealed class EventsourcedTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly ContractRegistry Codec = new([Contract.Of(AccountJson.Default.Added), Contract.Of(AccountJson.Default.Total)]);

    private readonly MemoryJournalStore _memory = new();
    private readonly FaultyJournal _journal;
    private readonly Recorder _recorder = new();
    private readonly List<ActorSystem> _systems = [];
    private ActorSystem _system = null!;

    public EventsourcedTests() => _journal = new FaultyJournal(_memory);

    public Task InitializeAsync()
    {
        _system = NewSystem(1);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (ActorSystem system in _systems)
        {
            await system.Terminate();
        }
    }

    private ActorSystem NewSystem(long fence, IEventCodec? codec = null, string config = "")
    {
        ActorSystem system = new ActorSystemOptions
        {
            Extensions = ImmutableDictionary<Type, object>.Empty.Add(typeof(PersistenceServices), new PersistenceServices(_journal, codec ?? Codec, fence, $"node-{fence}")),
        }.CreateSystem("test", config);
        _systems.Add(system);
        return system;
    }

    private IActorRef Start(string name = "a", ActorSystem? system = null, string id = "account") =>
        (system ?? _system).ActorOf(Props.Create(() => new Account(id, _recorder)), name);

    private static Task<string> Get(IActorRef account) => account.Ask<string>(new Account.Get(), Patience);

    private async Task<string> Stored()
    {
        IReadOnlyList<StoredEvent> events = await _memory.ReplayAsync("account", 1, long.MaxValue, int.MaxValue, default);
        return string.Join(' ', events.Select(e => $"{((Added)Codec.Decode(e.Manifest, e.Payload)).Amount}@{e.SequenceNr}"));
    }

    private async Task Restarted(IActorRef account, string name)
    {
        await account.GracefulStop(Patience);
        _recorder.Clear();
        Start(name);
        await _recorder.Until("recovered");
    }

    [Fact]
    public async Task Commands_DuringADelayedWrite_RunAfterTheHandlersInOrder()
    {
        TaskCompletionSource gate = new();
        IActorRef account = Start();
        await _recorder.Until("recovered");
        _recorder.Clear();
        _journal.OnWrite = JournalBehavior.OnCall(1, JournalBehavior.After(gate.Task));

        account.Tell(new Account.Add(1));
        account.Tell(new Account.Add(2));
        account.Tell(new Account.AddTwice(3));
        account.Tell(new Account.Add(4));
        await _recorder.Until("add 1");
        Assert.Equal(["add 1"], _recorder.All);
        gate.SetResult();
        await _recorder.Until("applied 4");

        Assert.Equal(["add 1", "applied 1@1", "add 2", "applied 2@2", "applied 3@3", "applied 30@4", "add 4", "applied 4@5"], _recorder.All);
        Assert.Equal("1@1 2@2 3@3 30@4 4@5", await Stored());
    }

    [Fact]
    public async Task Commands_ManyDuringWrites_KeepTheirOrder()
    {
        IActorRef account = Start();
        for (int i = 1; i <= 500; i++)
        {
            account.Tell(new Account.Add(i));
        }

        Assert.Equal("125250@500", await Get(account));
        Assert.Equal(string.Join(' ', Enumerable.Range(1, 500).Select(i => $"{i}@{i}")), await Stored());
    }

    [Fact]
    public async Task Sender_InAHandler_IsThatOfTheCommand()
    {
        IActorRef account = Start();

        string[] answers = await Task.WhenAll(Enumerable.Range(1, 20).Select(i => account.Ask<string>(new Account.Add(i), Patience)));

        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"ok {i}"), answers);
    }

    [Fact]
    public async Task PersistAsync_LetsCommandsThrough_AndDeferredCallsComeInOrder()
    {
        TaskCompletionSource gate = new();
        IActorRef account = Start();
        await _recorder.Until("recovered");
        _recorder.Clear();
        _journal.OnWrite = JournalBehavior.OnCall(1, JournalBehavior.After(gate.Task));

        account.Tell(new Account.AddAsync(1));
        account.Tell(new Account.AddAsync(2));
        await _recorder.Until("async 2");
        Assert.Equal(["async 1", "async 2"], _recorder.All);
        gate.SetResult();
        await _recorder.Until("deferred 2");

        Assert.Equal(["async 1", "async 2", "applied 1@1", "deferred 1", "applied 2@2", "deferred 2"], _recorder.All);
    }

    [Fact]
    public async Task CommandAsync_WritesWhenItEnds_WhileOthersWait()
    {
        TaskCompletionSource gate = new();
        IActorRef account = Start();
        account.Tell(new Account.AddLater(5, gate.Task));
        account.Tell(new Account.Add(6));
        gate.SetResult();

        await _recorder.Until("applied 6@2");

        Assert.Equal(["recovered 0@0", "applied 5@1", "add 6", "applied 6@2"], _recorder.All);
    }

    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "1@1 2@2 3@3")]
    public async Task PersistAll_FailingBeforeOrAfterTheCommit_IsAllOrNothingAfterReplay(bool committed, string stored)
    {
        _journal.OnWrite = JournalBehavior.OnCall(1, committed ? JournalBehavior.CommitThenFail : JournalBehavior.Fail);
        IActorRef account = Start();

        account.Tell(new Account.AddAll(1, 2, 3));
        await _recorder.Until("stopped");

        Assert.Equal(["recovered 0@0", "failed 1@1 JournalUnavailableException", "stopped"], _recorder.All);
        Assert.Equal(stored, await Stored());
        _recorder.Clear();
        Start("b");
        await _recorder.Until("recovered");
        Assert.Equal(committed ? ["replay 1", "replay 2", "replay 3", "recovered 6@3"] : ["recovered 0@0"], _recorder.All);
    }

    [Fact]
    public async Task WriteFailure_UnderBackoffOnStop_RestartsWithTheStateOfTheJournal()
    {
        IActorRef supervisor = _system.ActorOf(BackoffSupervisor.Props(
            Backoff.OnStop(Props.Create(() => new Account("account", _recorder)), "account", TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(50), 0.2, -1).WithDefaultStoppingStrategy()), "backoff");
        supervisor.Tell(new Account.Add(1));
        await _recorder.Until("applied 1@1");
        _journal.OnWrite = JournalBehavior.OnCall(1, JournalBehavior.CommitThenFail);
        supervisor.Tell(new Account.Add(2));

        await _recorder.Until("recovered", 2);

        Assert.Equal("recovered 3@2", _recorder.All[^1]);
        Assert.DoesNotContain("applied 2@2", _recorder.All);
        Assert.Equal("3@2", await Get(supervisor));
    }

    [Fact]
    public async Task Rejection_LeavesAGapAndTheActorGoesOn_AndRejectsAPersistAllWhole()
    {
        ActorSystem system = NewSystem(2, new RejectingCodec(Codec, e => e is Added { Amount: 13 }));
        IActorRef account = Start("r", system);
        account.Tell(new Account.Add(1));
        account.Tell(new Account.Add(13));
        account.Tell(new Account.AddAll(2, 13, 3));
        account.Tell(new Account.Add(4));

        Assert.Equal("5@6", await Get(account));

        Assert.Equal(["recovered 0@0", "add 1", "applied 1@1", "add 13", "rejected 13@2", "rejected 2@3", "rejected 13@4", "rejected 3@5", "add 4", "applied 4@6"], _recorder.All);
        Assert.Equal("1@1 4@6", await Stored());
    }

    [Fact]
    public async Task Commands_SentBeforeTheRecovery_AreHandledAfterIt()
    {
        IActorRef first = Start();
        await first.Ask<string>(new Account.Add(7), Patience);
        await first.GracefulStop(Patience);
        _recorder.Clear();
        TaskCompletionSource gate = new();
        _journal.OnRecovery = JournalBehavior.After(gate.Task);
        IActorRef second = Start("b");
        second.Tell(new Account.Add(1));
        Task<string> state = Get(second);
        gate.SetResult();

        Assert.Equal("8@2", await state);
        Assert.Equal(["replay 7", "recovered 7@1", "add 1", "applied 1@2"], _recorder.All);
    }

    [Fact]
    public async Task Recovery_OfMoreThanOneBatch_IsWhole()
    {
        IActorRef account = Start();
        account.Tell(new Account.AddAll([.. Enumerable.Repeat(1, 1203)]));
        await Get(account);
        await Restarted(account, "b");

        Assert.Equal("recovered 1203@1203", _recorder.All[^1]);
    }

    [Fact]
    public async Task Numbers_AfterDeletingEverything_GoOn()
    {
        IActorRef account = Start();
        account.Tell(new Account.AddAll(1, 2));
        account.Tell(new Account.Save());
        await _recorder.Until("saved 2");
        account.Tell(new Account.Delete(2));
        await _recorder.Until("deleted 2");
        Assert.Equal("", await Stored());
        await Restarted(account, "b");

        Assert.Equal(["offer 2", "recovered 3@2"], _recorder.All);
        _system.ActorSelection("/user/b").Tell(new Account.Add(4), ActorRefs.NoSender);
        await _recorder.Until("applied 4@3");
    }

    [Fact]
    public async Task DeleteMessages_BeyondTheLastNumber_FailsAndDeletesNothing()
    {
        IActorRef account = Start();
        account.Tell(new Account.Add(1));
        account.Tell(new Account.Delete(2));

        await _recorder.Until("not deleted 2 InvalidOperationException");

        Assert.Equal("1@1", await Stored());
    }

    [Fact]
    public async Task Snapshot_Saved_IsOfferedAndOnlyLaterEventsReplayed()
    {
        IActorRef account = Start();
        account.Tell(new Account.AddAll(1, 2));
        account.Tell(new Account.Save());
        account.Tell(new Account.Add(3));
        await _recorder.Until("saved 2");
        await Restarted(account, "b");

        Assert.Equal(["offer 2", "replay 3", "recovered 6@3"], _recorder.All);
    }

    [Fact]
    public async Task Snapshot_ThatCannotBeSaved_IsAMessageAndTheActorGoesOn()
    {
        _journal.OnSnapshotSave = JournalBehavior.Fail;
        IActorRef account = Start();
        account.Tell(new Account.Add(1));
        account.Tell(new Account.Save());
        await _recorder.Until("not saved 1 JournalUnavailableException");

        Assert.Equal("1@1", await Get(account));
    }

    [Fact]
    public async Task Snapshot_Broken_FallsBackToAnOlderOneWhileTheEventsAreThere()
    {
        IActorRef account = Start();
        account.Tell(new Account.Add(1));
        account.Tell(new Account.Save());
        account.Tell(new Account.Add(2));
        await _recorder.Until("saved 1");
        await account.GracefulStop(Patience);
        JournalClaim vandal = new("account", 1, "vandal");
        await _memory.ClaimAsync(vandal, default);
        await _memory.SaveSnapshotAsync(vandal, new StoredSnapshot(2, DateTimeOffset.UnixEpoch, "test.total:1", "{bad"u8.ToArray()), default);
        _recorder.Clear();
        IActorRef second = Start("b");
        await _recorder.Until("recovered");

        Assert.Equal(["offer 1", "replay 2", "recovered 3@2"], _recorder.All);

        await second.GracefulStop(Patience);
        JournalClaim deleter = new("account", 1, "deleter");
        await _memory.ClaimAsync(deleter, default);
        await _memory.DeleteEventsAsync(deleter, 2, default);
        _recorder.Clear();
        Start("c");
        await _recorder.Until("stopped");
        Assert.StartsWith("no recovery PayloadException: the payload of 'test.total:1' cannot be read", _recorder.All[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manifest_Unknown_FailsTheRecoveryByName()
    {
        JournalClaim newer = new("account", 1, "newer program");
        await _memory.ClaimAsync(newer, default);
        await _memory.AppendAsync(newer, [new StoredEvent(1, "test.added:9", "{}"u8.ToArray())], default);

        Start();
        await _recorder.Until("stopped");

        Assert.Equal(2, _recorder.All.Count);
        Assert.StartsWith("no recovery UnknownManifestException: the journal holds an event 'test.added:9'", _recorder.All[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("claim")]
    [InlineData("replay")]
    public async Task Recovery_FailingInTheStorage_StopsTheActor(string operation)
    {
        IActorRef first = Start();
        await first.Ask<string>(new Account.Add(7), Patience);
        await first.GracefulStop(Patience);
        _recorder.Clear();
        _journal.OnRecovery = JournalBehavior.FailIf((o, _) => o == operation);

        Start("b");
        await _recorder.Until("stopped");

        Assert.StartsWith($"no recovery JournalUnavailableException: journal: {operation} failed", _recorder.All[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recovery_ThatHangs_TimesOutByName()
    {
        ActorSystem system = NewSystem(2, config: "akka.persistence.journal-plugin-fallback.recovery-event-timeout = 20ms");
        _journal.OnRecovery = JournalBehavior.After(new TaskCompletionSource().Task);

        Start("a", system);
        await _recorder.Until("stopped");

        Assert.StartsWith("no recovery RecoveryTimedOutException: 'account': the claim did not come within", _recorder.All[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task HandlerFailure_AfterTheEventIsStored_RestartsAndReplaysIt()
    {
        IActorRef account = Start();
        account.Tell(new Account.FailAfter(1));
        account.Tell(new Account.Add(2));

        await _recorder.Until("applied 2@2");

        Assert.Equal(["recovered 0@0", "applied 1@1", "stopped", "replay 1", "recovered 1@1", "add 2", "applied 2@2"], _recorder.All);
    }

    [Fact]
    public async Task Writer_OfAnOldLeader_IsFencedAndStops()
    {
        IActorRef old = Start("old", NewSystem(7));
        await old.Ask<string>(new Account.Add(1), Patience);
        ActorSystem successor = NewSystem(8);
        IActorRef now = Start("new", successor);
        Assert.Equal("1@1", await Get(now));
        _recorder.Clear();

        old.Tell(new Account.Save());
        await _recorder.Until("not saved 1 FencedException");
        old.Tell(new Account.Delete(1));
        await _recorder.Until("not deleted 1 FencedException");
        old.Tell(new Account.Add(2));
        await _recorder.Until("stopped");
        Assert.Contains("failed 2@2 FencedException", _recorder.All);
        _recorder.Clear();
        await now.Ask<string>(new Account.Add(3), Patience);

        Assert.Equal("1@1 3@2", await Stored());
        _recorder.Clear();
        Start("again", _systems[1]);
        await _recorder.Until("stopped");
        Assert.StartsWith("no recovery FencedException", _recorder.All[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recoveries_AtTheSameTime_AreLimited()
    {
        ActorSystem system = NewSystem(2, config: "akka.persistence.max-concurrent-recoveries = 2");
        TaskCompletionSource gate = new();
        SemaphoreSlim claims = new(0);
        int claimed = 0;
        _journal.OnRecovery = JournalBehavior.FailIf((operation, _) =>
        {
            if (operation == "claim")
            {
                Interlocked.Increment(ref claimed);
                claims.Release();
                gate.Task.Wait();
            }

            return false;
        });
        IActorRef[] actors = [.. Enumerable.Range(0, 6).Select(i => Start($"p{i}", system, $"id{i}"))];
        await claims.WaitAsync();
        await claims.WaitAsync();
        actors[5].Tell(PoisonPill.Instance);

        Assert.Equal(2, Volatile.Read(ref claimed));
        gate.SetResult();
        await _recorder.Until("recovered", 5);
    }

    [Fact]
    public async Task Terminated_ThatArrivesDuringAWrite_IsDeliveredAfterIt()
    {
        IActorRef account = Start();
        IActorRef other = Start("other", id: "other");
        await _recorder.Until("recovered", 2);
        account.Tell(new Account.WatchThis(other));
        await Get(account);
        _recorder.Clear();
        TaskCompletionSource gate = new();
        _journal.OnWrite = JournalBehavior.After(gate.Task);
        account.Tell(new Account.Add(1));
        await _recorder.Until("add 1");
        await other.GracefulStop(Patience);
        Task<string> after = Get(account);
        gate.SetResult();

        await after;
        await _recorder.Until("terminated"); // the notice of the death may overtake neither the write nor, by much, the question
        Assert.Equal(["add 1", "stopped", "applied 1@1", "terminated"], _recorder.All);
    }
}
