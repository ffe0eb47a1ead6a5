using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Olmo.Actors.ObjectStorage;

/// <summary>Calls of the C library that .NET does not offer: hard link and flush of a folder, which a durable put-if-absent needs, writing past the page cache, a thread's priority.</summary>
#pragma warning disable SYSLIB1054 // LibraryImport needs unsafe code, which only the numeric projects allow
internal static class Posix
{
    private const int FileExists = 17;
    internal const int NoSpaceLeft = 28;
    private const int QuotaExceeded = 122;
    private const int GetFlags = 3;
    private const int SetFlags = 4;
    private const int LowPriority = 15; // nice: a tenth of the share of a thread of a rank, which yields itself (ranks.nice)

    /// <summary>Gives a file a second name unless that name is taken.</summary>
    /// <returns>False where the name is taken.</returns>
    public static bool TryLink(string existing, string name)
    {
        if (Link(existing, name) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error == FileExists ? false : throw new IOException($"link '{name}': {new Win32Exception(error).Message}", error);
    }

    /// <summary>Makes the entries of a folder durable.</summary>
    public static void FlushFolder(string folder)
    {
        int handle = Open(folder, 0);
        if (handle < 0)
        {
            throw Failure("open", folder);
        }

        try
        {
            if (Fsync(handle) != 0)
            {
                throw Failure("fsync", folder);
            }
        }
        finally
        {
            _ = Close(handle);
        }
    }

    /// <summary>Lets writes to a file go from the caller's memory to the device, or through the page cache again.</summary>
    /// <returns>False where the file or the system does not offer the former.</returns>
    public static bool TrySetDirect(SafeFileHandle file, bool isDirect)
    {
        if (!OperatingSystem.IsLinux() || DirectFlag == 0)
        {
            return !isDirect;
        }

        int handle = (int)file.DangerousGetHandle();
        int flags = Control(handle, GetFlags, 0);
        bool isDone = flags >= 0 && Control(handle, SetFlags, isDirect ? flags | DirectFlag : flags & ~DirectFlag) == 0;
        GC.KeepAlive(file);
        return isDone;
    }

    /// <summary>From now on the calling thread runs where others leave a processor idle, mostly. On systems other than Linux nothing changes.</summary>
    public static void LowerPriority()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(0, 0, LowPriority); // of the thread: it may always lower its own
        }
    }

    /// <summary>Whether an I/O error says that the device or the quota is full.</summary>
    public static bool IsFull(IOException error) =>
        error.HResult is NoSpaceLeft or QuotaExceeded || (error.HResult & 0xFFFF) is NoSpaceLeft or QuotaExceeded or 0x70 or 0x27;

    // asm/fcntl.h
    private static int DirectFlag => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x4000,
        Architecture.Arm64 => 0x10000,
        _ => 0,
    };

    private static IOException Failure(string call, string path)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} '{path}': {new Win32Exception(error).Message}", error);
    }

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static extern int Control(int handle, int command, int argument);

    [DllImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static extern int SetPriority(int which, int who, int priority);

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    private static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string name);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Fsync(int handle);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int handle);
}
