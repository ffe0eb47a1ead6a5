using Olmo.Actors.Contracts;
using Olmo.Runtime.Contracts;
using Olmo.Runtime.Hosting;
using Olmo.Runtime.Storage;

namespace Olmo.Host.Runs;

/// <summary>
/// The run's database with the lease under whose token everything is written. The caller holds the folder's lock, so whoever held the lease before is dead: taking it over waits
/// for nothing, and the token rises, so that no write of an earlier process can land any more.
/// </summary>
internal sealed class RunJournal : IAsyncDisposable
{
    private const string LeaseName = "run";
    private static readonly TimeSpan UntilReleased = TimeSpan.FromDays(365); // the folder's lock, not time, proves death on one machine
    private readonly SqliteJournalStore _store;

    private RunJournal(SqliteJournalStore store, PersistenceServices services)
    {
        _store = store;
        Services = services;
    }

    /// <summary>For the actor system.</summary>
    public PersistenceServices Services { get; }

    /// <summary>The lease's token.</summary>
    public long Token => Services.Fence;

    /// <summary>Known events: exactly the project's contracts.</summary>
    public static ContractRegistry Contracts() => new(JournalContracts.All);

    /// <summary>Opens or makes the database and takes the lease.</summary>
    /// <exception cref="UsageException">The database cannot be used: locked by another program for longer than the busy timeout, damaged, newer, or on a network file system.</exception>
    public static async Task<RunJournal> Open(string path, TimeSpan busyTimeout, TimeProvider time)
    {
        try
        {
            SqliteJournalStore store = await SqliteJournalStore.OpenAsync(new SqliteStoreOptions { Path = path, BusyTimeout = busyTimeout, Time = time });
            string owner = $"pid-{Environment.ProcessId}";
            LeaseAnswer lease = await store.Leases.AcquireAsync(LeaseName, owner, UntilReleased, holderIsDead: true, CancellationToken.None);
            GuardedJournalStore guarded = new(store, time);
            return new RunJournal(store, new PersistenceServices(guarded, Contracts(), lease.Token, owner) { Lease = LeaseName });
        }
        catch (Exception e) when (e is JournalUnavailableException or SchemaVersionException or NetworkFileSystemException)
        {
            throw new UsageException($"'{path}': {e.Message}");
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _store.DisposeAsync();
}
