using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Olmo.Actors.Drills;

/// <summary>Signals that a process sends to itself.</summary>
#pragma warning disable SYSLIB1054 // LibraryImport needs unsafe code, which only the numeric projects allow
internal static class OwnSignal
{
    public const int Kill = 9;
    public const int Stop = 19;

    /// <summary>Sends a signal to this very process, by its id.</summary>
    public static void Send(int signal)
    {
        if (SendTo(Environment.ProcessId, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"kill({Environment.ProcessId}, {signal})");
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendTo(int process, int signal);
}
