using System.Collections.Immutable;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Contracts;
using Olmo.Runtime.Hosting;
using Olmo.Runtime.Pattern;
using Olmo.Runtime.Storage;
using Olmo.Runtime.Tests.Storage;

namespace Olmo.Runtime.Tests.Persistence;

/// <summary>Event-sourced actors on a database file whose writes fail one after the other.</summary>
public sealed class SqlitePersistenceTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TemporaryDatabase _file = new();

    public void Dispose() => _file.Dispose();

    private static ActorSystem NewSystem(IJournalStore store, long fence, string? lease = null) => new ActorSystemOptions
    {
        Extensions = ImmutableDictionary<Type, object>.Empty.Add(
            typeof(PersistenceServices),
            new PersistenceServices(store, new ContractRegistry([Contract.Of(AccountJson.Default.Added), Contract.Of(AccountJson.Default.Total)]), fence, $"node-{fence}") { Lease = lease }),
    }.CreateSystem("sqlite");

    [Theory]
    [InlineData(StorageFaultPoint.BeforeCommit)]
    [InlineData(StorageFaultPoint.AfterCommit)]
    public async Task State_AfterAFailureAtEveryWrite_IsThatOfTheJournal(StorageFaultPoint at)
    {
        await using SqliteJournalStore store = await _file.OpenAsync();
        int failing = 0;
        bool hit = true;
        while (hit)
        {
            failing++;
            hit = false;
            int calls = 0;
            string id = $"id-{failing}";
            _file.Fault = (point, operation) =>
            {
                if (point == at && operation is "append" or "claim" && point == at && Interlocked.Increment(ref calls) == failing)
                {
                    hit = true;
                    throw new IOException("fault");
                }
            };
            Recorder recorder = new();
            using ActorSystem system = NewSystem(store, await store.Leases.NextFenceAsync(default));
            IActorRef account = system.ActorOf(
                BackoffSupervisor.Props(Backoff.OnStop(
                    Props.Create(() => new Account(id, recorder)), "account", TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(5), 0.2, -1).WithDefaultStoppingStrategy()), "b");
            await recorder.Until("recovered");
            long acknowledged = 0;
            foreach (int amount in (int[])[1, 20, 300])
            {
                account.Tell(new Account.AddAll(amount, amount));
                await Task.WhenAny(recorder.Until($"applied {amount}@", 2), recorder.Until("failed "));
                if (recorder.All.Any(r => r.StartsWith("failed ", StringComparison.Ordinal)))
                {
                    break;
                }

                acknowledged += 2 * amount;
            }

            _file.Fault = null;
            await system.Terminate();
            Recorder again = new();
            using ActorSystem second = NewSystem(store, await store.Leases.NextFenceAsync(default));
            second.ActorOf(Props.Create(() => new Account(id, again)));
            await again.Until("recovered");

            string[] allowed = ["0", "2", "42", "642"];
            string sum = again.All[^1].Split(' ', '@')[1];
            Assert.Contains(sum, allowed);
            Assert.True(long.Parse(sum, System.Globalization.CultureInfo.InvariantCulture) >= acknowledged, $"{sum} after {acknowledged} was acknowledged");
            await second.Terminate();
        }

        Assert.Equal(5, failing);
    }

    [Fact]
    public async Task Leader_ThatLostItsLease_WritesNothingMore_AndTheSuccessorSeesAllThatWasAcknowledged()
    {
        await using SqliteJournalStore store = await _file.OpenAsync();
        LeaseAnswer first = await store.Leases.AcquireAsync("run", "node-1", TimeSpan.FromSeconds(15), holderIsDead: false, default);
        Recorder old = new();
        using ActorSystem leader = NewSystem(store, first.Token, "run");
        IActorRef account = leader.ActorOf(Props.Create(() => new Account("account", old)));
        await account.Ask<string>(new Account.Add(1), Patience);

        _file.Clock.Advance(TimeSpan.FromSeconds(16));
        LeaseAnswer second = await store.Leases.AcquireAsync("run", "node-2", TimeSpan.FromSeconds(15), holderIsDead: false, default);
        account.Tell(new Account.Add(2));
        await old.Until("stopped");
        Recorder now = new();
        using ActorSystem successor = NewSystem(store, second.Token, "run");
        successor.ActorOf(Props.Create(() => new Account("account", now)));
        await now.Until("recovered");

        Assert.Contains("failed 2@2 FencedException", old.All);
        Assert.Equal(["replay 1", "recovered 1@1"], now.All);
        await leader.Terminate();
        await successor.Terminate();
    }

    [Fact]
    public async Task Database_Locked_StopsTheActorAndLosesNothing()
    {
        await using SqliteJournalStore store = await _file.OpenAsync();
        Recorder recorder = new();
        using ActorSystem system = NewSystem(store, 1);
        IActorRef account = system.ActorOf(
            BackoffSupervisor.Props(Backoff.OnStop(
                Props.Create(() => new Account("account", recorder)), "account", TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(50), 0.2, -1).WithDefaultStoppingStrategy()), "b");
        account.Tell(new Account.Add(1));
        await recorder.Until("applied 1@1");
        using (Microsoft.Data.Sqlite.SqliteConnection other = _file.Connect())
        {
            _file.Execute(other, "BEGIN EXCLUSIVE");
            account.Tell(new Account.Add(2));
            await recorder.Until("failed 2@2 JournalUnavailableException");
            await recorder.Until("no recovery JournalUnavailableException");
            _file.Execute(other, "ROLLBACK");
        }

        await recorder.Until("recovered 1@1", 1);
        await system.Terminate();
    }
}
