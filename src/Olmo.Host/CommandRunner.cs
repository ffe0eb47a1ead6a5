using System.CommandLine;

namespace Olmo.Host;

/// <summary>Runs a parsed command line: mistakes of the user become lines on the error stream and exit code 2; everything else that is thrown is a defect and is not hidden.</summary>
internal static class CommandRunner
{
    /// <summary>Parses and runs.</summary>
    /// <param name="command">The root, or one verb.</param>
    /// <param name="arguments">What stands behind it.</param>
    /// <param name="output">Results.</param>
    /// <param name="error">Mistakes.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> Run(Command command, IReadOnlyList<string> arguments, TextWriter output, TextWriter error)
    {
        try
        {
            ParseResult parsed = command.Parse(arguments);
            int code = await parsed.InvokeAsync(
                new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
            return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
        }
        catch (UsageException e)
        {
            foreach (string line in e.Message.Split('\n'))
            {
                await error.WriteLineAsync($"olmo: {line}");
            }

            return ExitCodes.Usage;
        }
    }
}
