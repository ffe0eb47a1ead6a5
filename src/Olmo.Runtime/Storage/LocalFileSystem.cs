using System.Runtime.InteropServices;

namespace Olmo.Runtime.Storage;

/// <summary>What the kernel knows about a path. WAL needs memory shared between the processes of one machine, so a network file system would corrupt it silently.</summary>
internal static class LocalFileSystem
{
    private const int StatxSize = 256;
    private const uint StatxIno = 0x100;
    private const int AtFdCwd = -100;

    private static readonly Dictionary<long, string> Remote = new()
    {
        [0x6969] = "nfs",
        [0x517B] = "smb",
        [0xFF534D42] = "cifs",
        [0xFE534D42] = "smb2",
        [0x73757245] = "coda",
        [0x5346414F] = "afs",
        [0x6B414653] = "afs",
        [0x01021997] = "9p",
        [0x00C36400] = "ceph",
        [0x0BD00BD0] = "lustre",
        [0x47504653] = "gpfs",
        [0x7461636F] = "ocfs2",
        [0x01161970] = "gfs2",
        [0x65735546] = "fuse",
        [0x19830326] = "beegfs",
        [0x786F4256] = "vboxsf",
        [0xBACBACBC] = "vmhgfs",
        [0xAAD7AAEA] = "panfs",
    };

    /// <summary>f_type of the file system that holds a folder; null where the kernel does not say.</summary>
    public static long? TypeOf(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        byte[] buffer = new byte[512];
        return StatFs(folder, buffer) == 0 ? MemoryMarshal.Read<long>(buffer) & 0xFFFFFFFF : null;
    }

    /// <summary>Name of a network file system, or null for a local or unknown one.</summary>
    public static string? RemoteName(long? type, string folder) =>
        type is { } t && Remote.TryGetValue(t, out string? name) ? name
        : OperatingSystem.IsWindows() && folder.StartsWith(@"\\", StringComparison.Ordinal) ? "a network share"
        : null;

    /// <summary>Device and number of a file, which a deleted or replaced file does not keep; null where the kernel does not say or there is none.</summary>
    public static (ulong Device, ulong Number)? IdentityOf(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        byte[] buffer = new byte[StatxSize];
        if (!OperatingSystem.IsLinux())
        {
            return (0, 0);
        }

        return StatX(AtFdCwd, path, 0, StatxIno, buffer) == 0
            ? (MemoryMarshal.Read<ulong>(buffer.AsSpan(136)), MemoryMarshal.Read<ulong>(buffer.AsSpan(32)))
            : null;
    }

#pragma warning disable SYSLIB1054 // generated marshalling needs unsafe code, which this project does without
    [DllImport("libc", EntryPoint = "statfs", SetLastError = true)]
    private static extern int StatFs([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [Out] byte[] buffer);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int StatX(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] buffer);
#pragma warning restore SYSLIB1054
}
