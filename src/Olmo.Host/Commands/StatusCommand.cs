using System.CommandLine;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;
using Olmo.Host.Runs;
using Olmo.Runtime.Contracts;
using Olmo.Runtime.Storage;

namespace Olmo.Host.Commands;

/// <summary><c>olmo status FOLDER</c>: what the journal of a run's folder says; works beside a living run.</summary>
internal static class StatusCommand
{
    private const int Batch = 1000;

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Argument<string> folder = new("FOLDER") { Description = "Folder of a run, such as runs/quickstart." };
        Command command = new("status", "Shows where a run stands.") { folder };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            RunFolder run = new(parsed.GetRequiredValue(folder));
            if (!File.Exists(run.Journal))
            {
                throw new UsageException($"'{run.Root}' has no journal.db: it is no folder of a run, or the run has not started its first step.");
            }

            await Write(run, parsed.InvocationConfiguration.Output, cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task Write(RunFolder folder, TextWriter output, CancellationToken cancellationToken)
    {
        await using SqliteJournalStore store = await SqliteJournalStore.OpenAsync(new SqliteStoreOptions { Path = folder.Journal }, cancellationToken);
        ContractRegistry contracts = RunJournal.Contracts();
        string id = await File.ReadAllTextAsync(folder.RunNameFile, cancellationToken);
        RunState state = RunState.Initial;
        foreach (RunEvent e in (await Read(store, contracts, $"run/{id}", cancellationToken)).Cast<RunEvent>())
        {
            state = RunState.Apply(state, e);
        }

        CheckpointsState checkpoints = CheckpointsState.Initial;
        foreach (CheckpointEvent e in (await Read(store, contracts, $"checkpoints/{id}", cancellationToken)).Cast<CheckpointEvent>())
        {
            checkpoints = CheckpointsState.Apply(checkpoints, e);
        }

        (bool isHeld, RunOwner? owner) = RunFolderLock.Look(folder);
        output.WriteLine($"run         {id}");
        output.WriteLine($"process     {(isHeld ? $"{owner?.ProcessId}, since {owner?.StartedAt:u}" : "none")}");
        output.WriteLine($"state       {(state.Stopped is { } stopped ? $"{stopped.Reason} at step {stopped.Step}: {stopped.Detail}" : isHeld ? "running" : "interrupted: the same command goes on")}");
        output.WriteLine($"timeline    {state.Timeline}   generation {state.Generation}   steps of the recipe {state.TotalSteps}");
        CheckpointCommitted? newest = checkpoints.Newest(state.Timeline, state.Timeline == 0 ? long.MaxValue : state.TimelineFrom);
        output.WriteLine($"checkpoint  {(newest is null ? "none" : $"step {newest.Step}, {newest.LengthBytes / 1e6:0.0} MB, committed {newest.At:u}")}");
        output.WriteLine($"kept        {string.Join(", ", checkpoints.Committed.Select(c => c.Step))}");
        output.WriteLine($"rejected    {checkpoints.Rejected.Count}   abandoned {checkpoints.Abandoned}   faults {state.Faults.Count}");
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
