using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Channels;

namespace Olmo.Host.Tests.Processes;

/// <summary>
/// A real process of the built command. Its output is read line by line and never waited for longer than the bound: then the process is asked what it does (SIGQUIT), killed by
/// its id, and the test fails with everything that it said.
/// </summary>
internal sealed class OlmoProcess : IDisposable
{
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Terminate = 15;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(Scenarios.Scenario.IsRed ? 25 : 90); // without its guard a run often hangs, which is what is to be seen
    private static readonly TimeSpan AnswerBound = TimeSpan.FromSeconds(15);
    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly StringBuilder _output = new();
    private int _openStreams = 2;

    private OlmoProcess(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => OnLine(e.Data);
        _process.ErrorDataReceived += (_, e) => OnLine(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>What was read so far.</summary>
    public string Output => _output.ToString();

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Starts <c>olmo</c>.</summary>
    public static OlmoProcess Start(IEnumerable<string> arguments, string? pauseAt = null) =>
        Launch([Path.Combine(AppContext.BaseDirectory, "olmo"), .. arguments], pauseAt);

    /// <summary>Starts <c>olmo</c> below a <c>dotnet run</c>, as the README has it.</summary>
    public static OlmoProcess StartByDotnetRun(IEnumerable<string> arguments)
    {
        string[] folders = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar);
        string root = string.Join(Path.DirectorySeparatorChar, folders[..^5]); // ROOT/tests/Olmo.Host.Tests/bin/Release/net10.0
        return Launch(["dotnet", "run", "--no-build", "-c", folders[^2], "--project", Path.Combine(root, "src", "Olmo.Host"), "--", .. arguments], null);
    }

    /// <summary>Runs <c>olmo</c> to its end.</summary>
    public static async Task<(int Code, string Output)> Run(IEnumerable<string> arguments)
    {
        using OlmoProcess process = Start(arguments);
        int code = await process.End();
        return (code, process.Output);
    }

    /// <summary>The next line that matches; lines before it are gone.</summary>
    public async Task<string> Next(string pattern)
    {
        using CancellationTokenSource bound = new(Bound, TimeProvider.System);
        try
        {
            while (await _lines.Reader.WaitToReadAsync(bound.Token))
            {
                while (_lines.Reader.TryRead(out string? line))
                {
                    _output.AppendLine(line);
                    if (Regex.IsMatch(line, pattern, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)))
                    {
                        return line;
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw await Overrun($"no line '{pattern}'");
        }

        throw new InvalidOperationException($"process {Id} ended before it wrote a line '{pattern}':\n{Output}");
    }

    /// <summary>The step that the next line of a committed checkpoint names.</summary>
    public async Task<long> NextCommit() => NumberIn(await Next("^checkpoint of step [0-9]+ committed"));

    /// <summary>First number of a line.</summary>
    public static long NumberIn(string line) => long.Parse(Regex.Match(line, "[0-9]+", RegexOptions.None, TimeSpan.FromSeconds(1)).Value, CultureInfo.InvariantCulture);

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> End()
    {
        using CancellationTokenSource bound = new(Bound, TimeProvider.System);
        try
        {
            await foreach (string line in _lines.Reader.ReadAllAsync(bound.Token))
            {
                _output.AppendLine(line);
            }

            await _process.WaitForExitAsync(bound.Token);
            _output.AppendLine(CultureInfo.InvariantCulture, $"(exit code {_process.ExitCode})");
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            throw await Overrun("it did not end");
        }
    }

    /// <summary>Sends a signal to this process alone.</summary>
    public void Signal(int signal)
    {
        if (Kill(Id, signal) != 0)
        {
            throw new InvalidOperationException($"signal {signal} did not reach process {Id}; it wrote:\n{Output}");
        }
    }

    /// <summary>Kills this process alone and leaves its children.</summary>
    public void KillAlone() => _process.Kill(entireProcessTree: false);

    /// <summary>Children of this process.</summary>
    public int[] Children() => [.. File.ReadAllText($"/proc/{Id}/task/{Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

    /// <inheritdoc />
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    // By env, which gives the signals back that the process above may have had ignored, and keeps the process id.
    private static OlmoProcess Launch(string[] command, string? pauseAt)
    {
        ProcessStartInfo start = new("/usr/bin/env", ["--default-signal=INT,QUIT,TERM", .. command]);
        start.Environment.Remove("OLMO_PAUSE_AT");
        if (pauseAt is not null)
        {
            start.Environment["OLMO_PAUSE_AT"] = pauseAt;
        }

        return new OlmoProcess(start);
    }

    private void OnLine(string? line)
    {
        if (line is not null)
        {
            _lines.Writer.TryWrite(line);
        }
        else if (Interlocked.Decrement(ref _openStreams) == 0)
        {
            _lines.Writer.Complete();
        }
    }

    private async Task<Exception> Overrun(string what)
    {
        _ = Kill(Id, Quit);
        using CancellationTokenSource bound = new(AnswerBound, TimeProvider.System);
        try
        {
            await foreach (string line in _lines.Reader.ReadAllAsync(bound.Token))
            {
                _output.AppendLine(line);
            }
        }
        catch (OperationCanceledException)
        {
            _output.AppendLine("(killed)");
        }

        _process.Kill(entireProcessTree: true);
        return new TimeoutException($"{what} in {Bound}; the process wrote:\n{Output}");
    }

#pragma warning disable SYSLIB1054 // LibraryImport generates unsafe code, which this project has no other use for
    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int processId, int signal);
}
