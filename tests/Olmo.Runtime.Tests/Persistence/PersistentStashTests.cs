using System.Collections.Immutable;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Contracts;
using Olmo.Runtime.Hosting;
using Olmo.Runtime.Persistence;
using Olmo.Runtime.Persistence.TestKit;
using Olmo.TestKit.Storage;

namespace Olmo.Runtime.Tests.Persistence;

/// <summary>The two stashes of an event-sourced actor, and its behaviours.</summary>
public sealed class PersistentStashTests : IAsyncLifetime
{
    private readonly FaultyJournal _journal = new(new MemoryJournalStore());
    private readonly Recorder _recorder = new();
    private readonly ActorSystem _system;

    public PersistentStashTests() => _system = new ActorSystemOptions
    {
        Extensions = ImmutableDictionary<Type, object>.Empty.Add(
            typeof(PersistenceServices), new PersistenceServices(_journal, new ContractRegistry([Contract.Of(AccountJson.Default.Added)]), 1, "node")),
    }.CreateSystem("stash");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _system.Terminate();

    private IActorRef Start(IStashOverflowStrategy? strategy = null, int capacity = -1)
    {
        Props props = Props.Create(() => new Door(_recorder, strategy ?? ThrowOverflowExceptionStrategy.Instance));
        return _system.ActorOf(capacity < 0 ? props : props.WithStashCapacity(capacity), "door");
    }

    [Fact]
    public async Task Stashed_Messages_ComeBeforeThoseThatWaitForTheWrite()
    {
        TaskCompletionSource gate = new();
        _journal.OnWrite = JournalBehavior.OnCall(1, JournalBehavior.After(gate.Task));
        IActorRef door = Start();
        foreach (object message in (object[])["knock 1", "knock 2", "open", "knock 3", "knock 4"])
        {
            door.Tell(message);
        }

        await _recorder.Until("opening");
        gate.SetResult();
        await _recorder.Until("let in knock 4");

        Assert.Equal(["opening", "opened", "let in knock 1", "let in knock 2", "let in knock 3", "let in knock 4"], _recorder.All);
    }

    [Fact]
    public async Task Restart_DuringAWrite_KeepsWhatWaitsAndIgnoresTheOldConfirmation()
    {
        TaskCompletionSource gate = new();
        _journal.OnWrite = JournalBehavior.OnCall(1, JournalBehavior.After(gate.Task));
        IActorRef door = Start();
        door.Tell("async fail");
        await _recorder.Until("failing");
        door.Tell("open");
        gate.SetResult();
        await _recorder.Until("opened");

        Assert.DoesNotContain("async applied", _recorder.All);
    }

    [Fact]
    public async Task Overflow_OfWaitingCommands_FollowsTheStrategy()
    {
        TaskCompletionSource gate = new();
        _journal.OnWrite = JournalBehavior.After(gate.Task);
        IActorRef door = Start(new ReplyToStrategy("busy"), capacity: 1);
        door.Tell("open");
        await _recorder.Until("opening");
        door.Tell("knock 1");

        Assert.Equal("busy", await door.Ask<string>("knock 2", TimeSpan.FromSeconds(60)));
        gate.SetResult();
        await _recorder.Until("let in knock 1");
        Assert.DoesNotContain("let in knock 2", _recorder.All);
    }

    [Fact]
    public async Task Handlers_RegisteredLate_AreRefused()
    {
        IActorRef door = Start();

        Assert.StartsWith("Handlers may only be registered", await door.Ask<string>("register late", TimeSpan.FromSeconds(60)), StringComparison.Ordinal);
    }

    /// <summary>Puts visitors off until it is open.</summary>
    private sealed class Door : ReceivePersistentActor
    {
        private readonly Recorder _recorder;
        private readonly IStashOverflowStrategy _strategy;

        public Door(Recorder recorder, IStashOverflowStrategy strategy)
        {
            _recorder = recorder;
            _strategy = strategy;
            RecoverAny(_ => { });
            Command<string>(
                _ =>
                {
                    _recorder.Add("opening");
                    Persist(new Added(1), e =>
                    {
                        _recorder.Add("opened");
                        Become(() => CommandAny(m => _recorder.Add($"let in {m}")));
                        Stash.UnstashAll();
                    });
                },
                m => m == "open");
            Command<string>(
                _ =>
                {
                    PersistAsync(new Added(2), _ => _recorder.Add("async applied"));
                    _recorder.Add("failing");
                    throw new InvalidOperationException("handler");
                },
                m => m == "async fail");
            Command<string>(
                _ =>
                {
                    try
                    {
                        Command<int>(_ => { });
                    }
                    catch (InvalidOperationException e)
                    {
                        Sender.Tell(e.Message, Self);
                    }
                },
                m => m == "register late");
            Command<string>(_ => Stash.Stash());
        }

        public override string PersistenceId => "door";

        public override IStashOverflowStrategy InternalStashOverflowStrategy => _strategy;
    }
}
