using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Olmo.Host.Tests.Processes;

namespace Olmo.Host.Tests.Nodes;

/// <summary>The child processes of a run, as its output and the kernel tell of them. Every id that is signalled was printed by a run that the test started.</summary>
internal static class ChildSight
{
    public const int Stop = 19;
    public const int Continue = 18;
    public const int KillNow = 9;

    /// <summary>Process id in a line <c>rank 2: started, process id 77</c>.</summary>
    public static int ProcessId(string line) => int.Parse(Regex.Match(line, "process id ([0-9]+)", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value, CultureInfo.InvariantCulture);

    /// <summary>Sends a signal.</summary>
    public static void Signal(int processId, int signal) => Assert.Equal(0, Kill(processId, signal));

    /// <summary>Whether the kernel still runs it; one that has ended and was not collected yet does not count.</summary>
    public static bool Lives(int processId)
    {
        try
        {
            return Fields(processId)[0] is not ("Z" or "X");
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The session that a process belongs to.</summary>
    public static int SessionOf(int processId) => int.Parse(Fields(processId)[3], CultureInfo.InvariantCulture);

    /// <summary>Its first thread's nice value.</summary>
    public static int NiceOf(int processId) => int.Parse(Fields(processId)[16], CultureInfo.InvariantCulture);

    /// <summary>Its arguments.</summary>
    public static string[] CommandLine(int processId) => File.ReadAllText($"/proc/{processId}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Waits until processes are gone.</summary>
    /// <returns>Those that still live after the time.</returns>
    public static async Task<int[]> LivingAfter(TimeSpan time, params int[] processes)
    {
        long started = TimeProvider.System.GetTimestamp();
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        while (processes.Any(Lives) && TimeProvider.System.GetElapsedTime(started) < time)
        {
            await look.WaitForNextTickAsync();
        }

        return [.. processes.Where(Lives)];
    }

    /// <summary>Waits until a process stands still by SIGSTOP: a drill froze it, and nothing moves until <see cref="Continue"/>.</summary>
    public static async Task UntilStopped(int processId)
    {
        using CancellationTokenSource bound = new(TimeSpan.FromSeconds(60), TimeProvider.System);
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        while (Fields(processId)[0] != "T")
        {
            await look.WaitForNextTickAsync(bound.Token);
        }
    }

    /// <summary>Steps that a run has shown, in order.</summary>
    public static long[] StepsIn(string output) =>
        [.. Regex.Matches(output, "^step ([0-9]+)/", RegexOptions.Multiline, TimeSpan.FromSeconds(1)).Select(m => long.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];

    /// <summary>Reads lines up to a step.</summary>
    public static async Task UntilStep(OlmoProcess run, long step)
    {
        while (OlmoProcess.NumberIn(await run.Next("^step [0-9]+/")) < step)
        {
        }
    }

    private static string[] Fields(int processId)
    {
        string stat = File.ReadAllText($"/proc/{processId}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

#pragma warning disable SYSLIB1054 // LibraryImport generates unsafe code, which this project has no other use for
    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int processId, int signal);
}
