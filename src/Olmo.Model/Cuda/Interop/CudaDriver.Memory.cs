namespace Olmo.Model.Cuda.Interop;

/// <content>Memory of the device, page-locked memory of the host, and copies; those with a stream return before they are done.</content>
internal sealed unsafe partial class CudaDriver
{
    private const uint Portable = 1;
    private const int OutOfMemory = 2; // CUDA_ERROR_OUT_OF_MEMORY

    private delegate* unmanaged<ulong*, nuint, int> _memAlloc;
    private delegate* unmanaged<ulong, int> _memFree;
    private delegate* unmanaged<void**, nuint, uint, int> _memHostAlloc;
    private delegate* unmanaged<void*, int> _memFreeHost;
    private delegate* unmanaged<nuint*, nuint*, int> _memGetInfo;
    private delegate* unmanaged<ulong, void*, nuint, nint, int> _copyToDevice;
    private delegate* unmanaged<void*, ulong, nuint, nint, int> _copyToHost;
    private delegate* unmanaged<ulong, ulong, nuint, nint, int> _copy;
    private delegate* unmanaged<ulong, byte, nuint, nint, int> _set;

    /// <exception cref="OutOfMemoryException">The device has not that much memory.</exception>
    public ulong Allocate(long bytes)
    {
        ulong address;
        int code = _memAlloc(&address, (nuint)bytes);
        if (code == OutOfMemory)
        {
            (long free, long total) = MemoryInfo();
            throw NoMemory($"The GPU has no room for {bytes:N0} bytes: {free:N0} of its {total:N0} are free.", code, "cuMemAlloc");
        }

        Check(code, "cuMemAlloc");
        return address;
    }

    public void Free(ulong address) => Check(_memFree(address), "cuMemFree");

    /// <summary>Memory of the host that devices copy to and from by themselves; its address is the same on both sides.</summary>
    /// <exception cref="OutOfMemoryException">The host has not that much memory to lock.</exception>
    public ulong AllocateHost(long bytes)
    {
        void* address;
        int code = _memHostAlloc(&address, (nuint)bytes, Portable);
        if (code == OutOfMemory)
        {
            throw NoMemory($"{bytes:N0} bytes of main memory could not be locked for the GPU.", code, "cuMemHostAlloc");
        }

        Check(code, "cuMemHostAlloc");
        return (ulong)address;
    }

    public void FreeHost(ulong address) => Check(_memFreeHost((void*)address), "cuMemFreeHost");

    /// <summary>Bytes of the device that are free, and all that it has.</summary>
    public (long Free, long Total) MemoryInfo()
    {
        nuint free;
        nuint total;
        Check(_memGetInfo(&free, &total), "cuMemGetInfo");
        return (checked((long)free), checked((long)total));
    }

    public void CopyToDevice(ulong destination, void* source, long bytes, nint stream) =>
        Check(_copyToDevice(destination, source, (nuint)bytes, stream), "cuMemcpyHtoDAsync");

    public void CopyToHost(void* destination, ulong source, long bytes, nint stream) =>
        Check(_copyToHost(destination, source, (nuint)bytes, stream), "cuMemcpyDtoHAsync");

    /// <summary>Copies between two addresses, each of a device or of page-locked memory.</summary>
    public void Copy(ulong destination, ulong source, long bytes, nint stream) => Check(_copy(destination, source, (nuint)bytes, stream), "cuMemcpyAsync");

    public void Set(ulong destination, byte value, long bytes, nint stream) => Check(_set(destination, value, (nuint)bytes, stream), "cuMemsetD8Async");

    private OutOfMemoryException NoMemory(FormattableString text, int code, string function) => new(FormattableString.Invariant(text), Failure(code, function));

    private void LoadMemory(LoadedLibrary library)
    {
        _memAlloc = (delegate* unmanaged<ulong*, nuint, int>)library.Function("cuMemAlloc_v2");
        _memFree = (delegate* unmanaged<ulong, int>)library.Function("cuMemFree_v2");
        _memHostAlloc = (delegate* unmanaged<void**, nuint, uint, int>)library.Function("cuMemHostAlloc");
        _memFreeHost = (delegate* unmanaged<void*, int>)library.Function("cuMemFreeHost");
        _memGetInfo = (delegate* unmanaged<nuint*, nuint*, int>)library.Function("cuMemGetInfo_v2");
        _copyToDevice = (delegate* unmanaged<ulong, void*, nuint, nint, int>)library.Function("cuMemcpyHtoDAsync_v2");
        _copyToHost = (delegate* unmanaged<void*, ulong, nuint, nint, int>)library.Function("cuMemcpyDtoHAsync_v2");
        _copy = (delegate* unmanaged<ulong, ulong, nuint, nint, int>)library.Function("cuMemcpyAsync");
        _set = (delegate* unmanaged<ulong, byte, nuint, nint, int>)library.Function("cuMemsetD8Async");
    }
}
