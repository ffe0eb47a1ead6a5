using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Olmo.Model.Compute;

/// <summary>System calls of Linux about memory and processors.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class LinuxMemory
{
    private const int MadviseHugePage = 14; // MADV_HUGEPAGE of linux/mman.h
    private const int MadvisePopulateWrite = 23; // MADV_POPULATE_WRITE, since Linux 5.14
    private const int ReadWrite = 3; // PROT_READ | PROT_WRITE of bits/mman-linux.h
    private const int PrivateAnonymous = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS
    private const int ProcessorSetBytes = 128; // CPU_SETSIZE / 8 of glibc's sched.h

    /// <summary>Asks for huge pages. The kernel may refuse (transparent huge pages switched off); that costs speed only.</summary>
    public static void AdviseHugePages(void* address, nuint lengthBytes) => _ = Madvise(address, lengthBytes, MadviseHugePage);

    /// <summary>Takes all pages of a mapping now; false where the kernel cannot do that at once, and each is taken when it is first touched.</summary>
    public static bool Populate(void* address, nuint lengthBytes) => Madvise(address, lengthBytes, MadvisePopulateWrite) == 0;

    /// <summary>Memory of its own from the kernel, zeroed; null where it has none.</summary>
    public static byte* Map(nuint lengthBytes)
    {
        nint address = Mmap(0, lengthBytes, ReadWrite, PrivateAnonymous, -1, 0);
        return address == -1 ? null : (byte*)address;
    }

    /// <summary>Gives back what <see cref="Map"/> gave, all of it.</summary>
    public static void Unmap(byte* address, nuint lengthBytes)
    {
        if (Munmap(address, lengthBytes) != 0)
        {
            throw new InvalidOperationException($"munmap of {lengthBytes} bytes: errno {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>Binds the calling thread to one processor.</summary>
    /// <exception cref="PlatformNotSupportedException">The processor does not exist or is not allowed to this process.</exception>
    public static void PinCurrentThread(int processor)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(processor);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(processor, ProcessorSetBytes * 8);
        byte* set = stackalloc byte[ProcessorSetBytes];
        new Span<byte>(set, ProcessorSetBytes).Clear();
        set[processor / 8] = (byte)(1 << (processor % 8));
        if (SchedSetAffinity(0, ProcessorSetBytes, set) != 0)
        {
            throw new PlatformNotSupportedException($"The thread could not be bound to processor {processor}: errno {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Mmap(nint address, nuint lengthBytes, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Munmap(void* address, nuint lengthBytes);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Madvise(void* address, nuint lengthBytes, int advice);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SchedSetAffinity(int thread, nuint setBytes, byte* set);
}
