using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;
using Olmo.Runtime.Contracts;
using Olmo.Runtime.Storage;

namespace Olmo.Host.Runs;

/// <summary>What the journal of a run's folder says; can be read beside a living run.</summary>
/// <param name="Name">Name of the run.</param>
/// <param name="Run">State of the run.</param>
/// <param name="Checkpoints">Its checkpoints.</param>
internal sealed record RunHistory(string Name, RunState Run, CheckpointsState Checkpoints)
{
    private const int Batch = 1000;

    /// <summary>The newest checkpoint that the run would resume from, or null.</summary>
    public CheckpointCommitted? Newest => Checkpoints.Newest(Run.Lineage);

    /// <summary>The checkpoint of a step, of the newest timeline that has one; without a step the newest of all.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public CheckpointCommitted Find(long? step)
    {
        CheckpointCommitted? found = step is { } wanted ? Checkpoints.Committed.Where(c => c.Step == wanted).MaxBy(c => c.Timeline) : Newest;
        return found ?? throw new UsageException(
            $"run '{Name}' has no checkpoint{(step is { } s ? $" of step {s}" : "")} that counts; those are: {string.Join(", ", Checkpoints.Committed.Select(c => c.Step).Order())}");
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="UsageException">The folder is none of a run, or its run has no journal yet.</exception>
    public static async Task<RunHistory> Read(RunFolder folder, CancellationToken cancellationToken)
    {
        if (!File.Exists(folder.Journal))
        {
            throw new UsageException($"'{folder.Root}' has no journal.db: it is no folder of a run, or the run has not started its first step.");
        }

        await using SqliteJournalStore store = await SqliteJournalStore.OpenAsync(new SqliteStoreOptions { Path = folder.Journal }, cancellationToken);
        ContractRegistry contracts = RunJournal.Contracts();
        string name = await File.ReadAllTextAsync(folder.RunNameFile, cancellationToken);
        RunState run = (await Read(store, contracts, $"run/{name}", cancellationToken)).Cast<RunEvent>().Aggregate(RunState.Initial, RunState.Apply);
        CheckpointsState checkpoints = (await Read(store, contracts, $"checkpoints/{name}", cancellationToken)).Cast<CheckpointEvent>()
            .Aggregate(CheckpointsState.Initial, CheckpointsState.Apply);
        return new RunHistory(name, run, checkpoints);
    }

    private static async Task<List<object>> Read(SqliteJournalStore store, ContractRegistry contracts, string persistenceId, CancellationToken cancellationToken)
    {
        List<object> events = [];
        long from = 1;
        while (true)
        {
            IReadOnlyList<StoredEvent> read = await store.ReplayAsync(persistenceId, from, long.MaxValue, Batch, cancellationToken);
            events.AddRange(read.Select(e => contracts.Decode(e.Manifest, e.Payload)));
            if (read.Count < Batch)
            {
                return events;
            }

            from = read[^1].SequenceNr + 1;
        }
    }
}
