using System.Runtime.InteropServices;

namespace Olmo.Recovery;

/// <summary>kill(2), as a shell's <c>kill</c>.</summary>
#pragma warning disable SYSLIB1054 // LibraryImport needs unsafe code, which only the numeric projects allow
internal static class Signals
{
    public const int Kill = 9;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>False where the process has gone.</summary>
    public static bool Send(int process, int signal) => SendTo(process, signal) == 0;

    /// <summary>To each of them.</summary>
    public static void Send(IEnumerable<int> processes, int signal)
    {
        foreach (int process in processes)
        {
            Send(process, signal);
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendTo(int process, int signal);
}
