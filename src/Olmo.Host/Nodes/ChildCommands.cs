using System.CommandLine;

namespace Olmo.Host.Nodes;

/// <summary>Verbs that only <c>olmo run</c> starts: <c>olmo coordinator</c> and <c>olmo rank</c>.</summary>
internal static class ChildCommands
{
    /// <summary>The coordinator's verb.</summary>
    public static Command Coordinator() => Hidden("coordinator", "Coordinates a run for its node.", CoordinatorProcess.Run);

    /// <summary>A rank's verb.</summary>
    public static Command Rank() => Hidden("rank", "Trains as one rank of a world for its node.", RankProcess.Run);

    private static Command Hidden(string name, string description, Func<TextReader, TimeProvider, Task<int>> run)
    {
        Command command = new(name, description) { Hidden = true };
        command.SetAction(async (_, _) => await run(Console.In, TimeProvider.System));
        return command;
    }
}
