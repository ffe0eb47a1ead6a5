using System.CommandLine;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;
using Olmo.Host.Runs;

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
        output.WriteLine($"timeline    {state.Timeline}   generation {state.Generation}   steps of the recipe {state.TotalSteps}");
        output.WriteLine($"ranks       {(state.Members.IsDefaultOrEmpty ? "none yet" : string.Join(", ", state.Members.Select(m => m.RankId)))}");
        CheckpointCommitted? newest = history.Newest;
        output.WriteLine($"checkpoint  {(newest is null ? "none" : $"step {newest.Step}, {newest.LengthBytes / 1e6:0.0} MB, committed {newest.At:u}")}");
        output.WriteLine($"kept        {string.Join(", ", checkpoints.Committed.Select(c => c.Step))}");
        output.WriteLine($"rejected    {checkpoints.Rejected.Count}   abandoned {checkpoints.Abandoned}   faults {state.Faults.Count}");
    }
}
