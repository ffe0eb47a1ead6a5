using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Olmo.Host.Nodes;

/// <summary>The calls of Linux that keep a child from outliving its node and its threads on their processors. Elsewhere the closed pipe and socket do the former, nobody the latter.</summary>
#pragma warning disable SYSLIB1054 // LibraryImport needs unsafe code, which only the numeric projects allow
internal static class ProcessSystem
{
    private const int SetParentDeathSignal = 1;
    private const int Kill = 9;
    private const int MaxProcessors = 1024;

    /// <summary>Has the kernel kill this process when the thread that started it ends, and takes it out of the terminal's session, so that Ctrl-C reaches the node alone.</summary>
    /// <param name="parent">Process id of the node.</param>
    /// <returns>False if the node has gone already.</returns>
    public static bool FollowParent(int parent)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        if (Prctl(SetParentDeathSignal, Kill, 0, 0, 0) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "prctl(PR_SET_PDEATHSIG)");
        }

        _ = SetSid(); // fails only where this process leads a session already
        return GetParent() == parent;
    }

    /// <summary>Binds the calling thread, and the threads that it starts from now on, to processors.</summary>
    public static void Bind(IReadOnlyList<int> processors)
    {
        if (processors.Count == 0 || !OperatingSystem.IsLinux())
        {
            return;
        }

        byte[] mask = new byte[MaxProcessors / 8];
        foreach (int processor in processors.Where(p => p < MaxProcessors))
        {
            mask[processor / 8] |= (byte)(1 << (processor % 8));
        }

        if (SetAffinity(0, (nuint)mask.Length, mask) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"sched_setaffinity to processors {string.Join(',', processors)}");
        }
    }

    [DllImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static extern int Prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [DllImport("libc", EntryPoint = "setsid", SetLastError = true)]
    private static extern int SetSid();

    [DllImport("libc", EntryPoint = "getppid")]
    private static extern int GetParent();

    [DllImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static extern int SetAffinity(int thread, nuint setBytes, byte[] set);
}
