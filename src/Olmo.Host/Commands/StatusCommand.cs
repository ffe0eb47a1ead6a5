using System.CommandLine;
using System.Globalization;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;
using Olmo.Host.Nodes;
using Olmo.Host.Runs;
using Olmo.Model.State;

namespace Olmo.Host.Commands;

/// <summary><c>olmo status FOLDER</c>: what the journal of a run's folder says; works beside a living run.</summary>
internal static class StatusCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Argument<string> folder = new("FOLDER") { Description = "Folder of a run, such as runs/quickstart." };
        Command command = new("status", "Shows where a run stands.") { folder };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            RunFolder run = new(parsed.GetRequiredValue(folder));
            await Write(run, parsed.InvocationConfiguration.Output, cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task Write(RunFolder folder, TextWriter output, CancellationToken cancellationToken)
    {
        RunHistory history = await RunHistory.Read(folder, cancellationToken);
        (string id, RunState state, CheckpointsState checkpoints) = (history.Name, history.Run, history.Checkpoints);
        (bool isHeld, RunOwner? owner) = RunFolderLock.Look(folder);
        output.WriteLine($"run         {id}");
        output.WriteLine($"process     {(isHeld ? $"{owner?.ProcessId}, since {owner?.StartedAt:u}" : "none")}");
        output.WriteLine($"state       {(state.Stopped is { } stopped ? $"{stopped.Reason} at step {stopped.Step}: {stopped.Detail}" : isHeld ? "running" : "interrupted: the same command goes on")}");
        output.WriteLine($"timeline    {state.Timeline}{(state.Timeline > 0 ? $", from step {state.TimelineFrom}" : "")}   generation {state.Generation}   steps of the recipe {state.TotalSteps}");
        output.WriteLine($"ranks       {(state.Members.IsDefaultOrEmpty ? "none yet" : string.Join(", ", state.Members.Select(m => m.RankId)))}");
        if (File.Exists(folder.DrillSettings))
        {
            output.WriteLine($"drill       {(await File.ReadAllTextAsync(folder.DrillSettings, cancellationToken)).Trim()}");
        }

        CheckpointCommitted? newest = history.Newest;
        output.WriteLine($"checkpoint  {(newest is null ? "none" : $"step {newest.Step}, {newest.LengthBytes / 1e6:0.0} MB, committed {newest.At:u}")}");
        output.WriteLine($"kept        {string.Join(", ", checkpoints.Committed.Select(c => c.Step))}");
        output.WriteLine($"rejected    {checkpoints.Rejected.Count}   abandoned {checkpoints.Abandoned}   faults {state.Faults.Count}");
        output.WriteLine($"numbers     convicted {state.Convictions}   sums at fault {state.Ranks.Sum(r => r.VoidSums)}   every rank right up to step {state.CleanStep}");
        IReadOnlyDictionary<int, int> convictions = new NodeFolder(folder).Convictions();
        if (convictions.Count > 0)
        {
            output.WriteLine($"places      {string.Join(", ", convictions.OrderBy(c => c.Key).Select(c => $"{c.Key} {(c.Value >= NodeRun.MaxConvictions ? "is quarantined" : "was convicted once")}"))}");
        }

        WriteData(state, newest, output);
    }

    // As of the newest checkpoint: what is consumed after it is consumed again if the run goes back there.
    private static void WriteData(RunState state, CheckpointCommitted? newest, TextWriter output)
    {
        output.WriteLine($"discarded   {(state.Data.Discarded.IsEmpty ? "none" : $"batches {string.Join(", ", state.Data.Discarded)}")}");
        output.WriteLine($"quarantined {(state.Data.Quarantined.IsEmpty ? "none" : string.Join(", ", state.Data.Quarantined.Select(q => $"group {q.Group} of batch {q.Batch}{(q.IsUnreadable ? " (unreadable)" : "")}")))}");
        if (newest is null || string.IsNullOrEmpty(newest.Ledger))
        {
            output.WriteLine("data        no checkpoint has noted it yet");
            return;
        }

        SampleLedger ledger = SampleLedger.Parse(newest.Ledger);
        LedgerAccount account = LedgerAccount.Of(ledger, state.Data, Number(state, "batch.groups"), Number(state, "batch.sequences-per-group"));
        output.WriteLine($"data        {ledger.Sequences} sequences consumed, batches {(ledger.Batches.IsEmpty ? "none" : string.Join(", ", ledger.Batches.ToArray()))}, {ledger.Skipped} of them without an update; hash {ledger.Hash:x16}");
        output.WriteLine($"            {Verdict(account, ledger)}");
    }

    private static string Verdict(LedgerAccount account, SampleLedger ledger)
    {
        List<string> wrong = [];
        if (!account.Missing.IsEmpty)
        {
            wrong.Add($"neither consumed nor discarded: batches {string.Join(", ", account.Missing)}");
        }

        if (!account.Twice.IsEmpty)
        {
            wrong.Add($"consumed and discarded: batches {string.Join(", ", account.Twice)}");
        }

        if (ledger.Sequences != account.ExpectedSequences)
        {
            wrong.Add($"{account.ExpectedSequences} sequences are expected");
        }

        return wrong.Count == 0 ? "every sequence once, without a gap, but for what is discarded and quarantined" : "WRONG: " + string.Join("; ", wrong);
    }

    private static int Number(RunState state, string key) => int.Parse(state.NumericSettings[key], CultureInfo.InvariantCulture);
}
