using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Olmo.Actors.ObjectStorage;

/// <summary>The two calls of the C library that a durable put-if-absent needs and .NET does not offer: hard link and flush of a folder.</summary>
#pragma warning disable SYSLIB1054 // LibraryImport needs unsafe code, which only the numeric projects allow
internal static class Posix
{
    private const int FileExists = 17;
    internal const int NoSpaceLeft = 28;
    private const int QuotaExceeded = 122;

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

    /// <summary>Whether an I/O error says that the device or the quota is full.</summary>
    public static bool IsFull(IOException error) =>
        error.HResult is NoSpaceLeft or QuotaExceeded || (error.HResult & 0xFFFF) is NoSpaceLeft or QuotaExceeded or 0x70 or 0x27;

    private static IOException Failure(string call, string path)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} '{path}': {new Win32Exception(error).Message}", error);
    }

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    private static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string name);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Fsync(int handle);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int handle);
}
