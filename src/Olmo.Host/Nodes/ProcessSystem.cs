using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Olmo.Host.Nodes;

/// <summary>The calls of Linux that keep a child from outliving its node, its threads on their processors, and both behind what is more urgent. Elsewhere the closed pipe and socket do the first, nobody the rest.</summary>
#pragma warning disable SYSLIB1054 // LibraryImport needs unsafe code, which only the numeric projects allow
internal static class ProcessSystem
{
    private const int SetParentDeathSignal = 1;
    private const int Kill = 9;
    private const int MaxProcessors = 1024;
    private const string Threads = "/proc/self/task";
    private const string SessionGroup = "/proc/self/autogroup";

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
        if (processors.Count > 0 && OperatingSystem.IsLinux() && !TryBind(0, processors))
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"sched_setaffinity to processors {string.Join(',', processors)}");
        }
    }

    /// <summary>Binds all threads of this process, and those that they start from now on, to processors.</summary>
    public static void BindAll(IReadOnlyList<int> processors)
    {
        if (processors.Count == 0 || !OperatingSystem.IsLinux())
        {
            return;
        }

        Bind(processors); // which says why where it cannot be done
        foreach (int thread in ThreadsNow())
        {
            _ = TryBind(thread, processors); // one that has just ended needs none
        }
    }

    /// <summary>
    /// Lowers the priority of this process: of all its threads, from which later ones inherit it, and, where the kernel schedules sessions as groups (sched(7), autogroup), of its session,
    /// beside which nice values of single threads count for nothing.
    /// </summary>
    /// <param name="nice">0, which changes nothing, to 19; a process that was started with a larger value keeps that.</param>
    public static void Yield(int nice)
    {
        if (nice == 0 || !OperatingSystem.IsLinux())
        {
            return;
        }

        int lowered = Math.Max(nice, GetPriority(0, 0));
        foreach (int thread in ThreadsNow())
        {
            _ = SetPriority(0, thread, lowered); // one that has just ended needs none
        }

        try
        {
            File.WriteAllText(SessionGroup, lowered.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A kernel without such groups, or a container that may not write here: the threads' own values count.
        }
    }

    private static IEnumerable<int> ThreadsNow() => Directory.EnumerateDirectories(Threads).Select(t => int.Parse(Path.GetFileName(t), CultureInfo.InvariantCulture));

    private static bool TryBind(int thread, IReadOnlyList<int> processors)
    {
        byte[] mask = new byte[MaxProcessors / 8];
        foreach (int processor in processors.Where(p => p < MaxProcessors))
        {
            mask[processor / 8] |= (byte)(1 << (processor % 8));
        }

        return SetAffinity(thread, (nuint)mask.Length, mask) == 0;
    }

    [DllImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static extern int Prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [DllImport("libc", EntryPoint = "setsid", SetLastError = true)]
    private static extern int SetSid();

    [DllImport("libc", EntryPoint = "getppid")]
    private static extern int GetParent();

    [DllImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static extern int SetAffinity(int thread, nuint setBytes, byte[] set);

    [DllImport("libc", EntryPoint = "getpriority", SetLastError = true)]
    private static extern int GetPriority(int which, int who);

    [DllImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static extern int SetPriority(int which, int who, int priority);
}
