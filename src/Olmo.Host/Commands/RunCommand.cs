using System.CommandLine;
using System.Runtime.InteropServices;
using Olmo.Host.Recipes;
using Olmo.Host.Runs;

namespace Olmo.Host.Commands;

/// <summary><c>olmo run RECIPE</c>: trains in this process, resumes where an earlier command left off.</summary>
internal static class RunCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Argument<string> recipe = new("RECIPE") { Description = "A HOCON file; every key is in hocon/reference.conf." };
        Option<string[]> set = new("--set") { Description = "Overrides a key: --set key=value. May be given again.", AllowMultipleArgumentsPerToken = false };
        Option<bool> newTimeline = new("--new-timeline") { Description = "Accepts changed keys that decide bits: the run goes on as a new branch from its newest checkpoint." };
        Command command = new("run", "Trains by a recipe. Ctrl-C or SIGTERM saves the state; the same command goes on.") { recipe, set, newTimeline };
        command.SetAction(async (parsed, _) =>
        {
            Recipe read = RecipeReader.Read(parsed.GetRequiredValue(recipe), parsed.GetValue(set) ?? [], Environment.GetEnvironmentVariable);
            using CancellationTokenSource stop = new();
            using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Ask(context, stop));
            using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Ask(context, stop));
            RunProcess process = new(
                read, parsed.GetValue(newTimeline), parsed.InvocationConfiguration.Output, TimeProvider.System, Environment.GetEnvironmentVariable("OLMO_PAUSE_AT"));
            return await process.Run(stop.Token);
        });
        return command;
    }

    // The first signal asks; a second one ends the process at once, as the newest checkpoint is enough to go on.
    private static void Ask(PosixSignalContext context, CancellationTokenSource stop)
    {
        if (!stop.IsCancellationRequested)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }
}
