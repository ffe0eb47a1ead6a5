using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using Olmo.Actors.Nodes;

namespace Olmo.Host.Nodes;

/// <summary>
/// Starts processes of this program. One thread starts all of them and lives as long as this: the kernel counts a child's parent dead when the <em>thread</em> that started it
/// ends, so a thread of the pool would take its children with it.
/// </summary>
internal sealed class ProcessLauncher : IProcessLauncher, IDisposable
{
    private const int SignalBase = 128;
    private readonly BlockingCollection<Action> _starts = [];
    private readonly Thread _thread;

    /// <summary>Starts the thread.</summary>
    public ProcessLauncher()
    {
        _thread = new Thread(() =>
        {
            foreach (Action start in _starts.GetConsumingEnumerable())
            {
                start();
            }
        })
        { IsBackground = true, Name = "process-launcher" };
        _thread.Start();
    }

    /// <inheritdoc />
    public IChildProcess Start(ProcessStart start, Action<ProcessExit> exited)
    {
        TaskCompletionSource<IChildProcess> started = new();
        _starts.Add(() =>
        {
            try
            {
                started.SetResult(Launch(start, exited));
            }
            catch (Exception e) // crosses to the thread that asked
            {
                started.SetException(e);
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }

    /// <summary>Ends the thread, and with it, on Linux, every child that still lives.</summary>
    public void Dispose()
    {
        _starts.CompleteAdding();
        _thread.Join();
        _starts.Dispose();
    }

    /// <summary>This program with other arguments: its own file, or the runtime with its assembly.</summary>
    public static ProcessStartInfo Self(IReadOnlyList<string> arguments)
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("this process has no path");
        bool isRuntime = Path.GetFileNameWithoutExtension(program) == "dotnet";
        string[] all = isRuntime ? [Assembly.GetExecutingAssembly().Location, .. arguments] : [.. arguments];
        return new ProcessStartInfo(program, all) { UseShellExecute = false, RedirectStandardInput = true };
    }

    private static Child Launch(ProcessStart start, Action<ProcessExit> exited)
    {
        ProcessStartInfo info = Self(start.Arguments);
        foreach ((string name, string value) in start.Environment)
        {
            info.Environment[name] = value;
        }

        Process process = new() { StartInfo = info, EnableRaisingEvents = true };
        Lock starting = new();
        process.Exited += (_, _) =>
        {
            exited(ExitOf(process));
            lock (starting)
            {
                Release(process);
            }
        };
        lock (starting)
        {
            process.Start();
            try
            {
                process.StandardInput.WriteLine(start.Input);
                process.StandardInput.Flush(); // it stays open: its end tells the child that this process has gone
            }
            catch (IOException)
            {
                // The child ended before it read; its exit is told like any other.
            }

            return new Child(process);
        }
    }

    // A stream that was used is not closed with its process: without this each child leaves a pipe behind.
    private static void Release(Process process)
    {
        try
        {
            process.StandardInput.Dispose();
        }
        catch (IOException)
        {
            // What the child did not read is still in the buffer.
        }

        process.Dispose();
    }

    // .NET reports an end by a signal as 128 and its number, as shells do.
    private static ProcessExit ExitOf(Process process)
    {
        int code = process.ExitCode;
        return code > SignalBase && code < SignalBase + 65 ? new ProcessExit(null, code - SignalBase) : new ProcessExit(code, null);
    }

    private sealed class Child(Process process) : IChildProcess
    {
        public int Id { get; } = process.Id;

        public void Kill()
        {
            try
            {
                process.Kill();
            }
            catch (InvalidOperationException)
            {
                // It has ended.
            }
        }
    }
}
