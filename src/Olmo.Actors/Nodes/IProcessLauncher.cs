namespace Olmo.Actors.Nodes;

/// <summary>Starts processes of this program.</summary>
public interface IProcessLauncher
{
    /// <summary>Starts a process.</summary>
    /// <param name="start">What to run.</param>
    /// <param name="exited">Called once, from any thread, when it has ended.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">It could not be started.</exception>
    IChildProcess Start(ProcessStart start, Action<ProcessExit> exited);
}

/// <summary>A process that was started.</summary>
public interface IChildProcess
{
    /// <summary>Its id in the operating system.</summary>
    int Id { get; }

    /// <summary>Ends it at once (SIGKILL), by its id; nothing happens if it has ended.</summary>
    void Kill();
}

/// <summary>A process to start.</summary>
/// <param name="Arguments">Verb and arguments of the program; no secrets.</param>
/// <param name="Environment">Variables beside those that are inherited.</param>
/// <param name="Input">One line for its standard input, which then stays open for as long as this process lives.</param>
public sealed record ProcessStart(IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string Input);

/// <summary>How a process ended: by an exit code or by a signal.</summary>
public sealed record ProcessExit(int? ExitCode, int? Signal)
{
    /// <inheritdoc />
    public override string ToString() => Signal is { } signal ? $"ended by signal {signal}" : $"ended with exit code {ExitCode}";
}
