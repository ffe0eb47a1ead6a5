using System.Runtime.InteropServices;

namespace Olmo.Gpu.Devices;

/// <summary>Memory of the CUDA device whose context the calling thread has.</summary>
internal static class DeviceMemory
{
    /// <summary>Bytes in use, by all processes; -1 where the driver does not say.</summary>
    public static long Used()
    {
        try
        {
            return GetInfo(out nuint free, out nuint total) == 0 ? (long)(total - free) : -1;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return -1;
        }
    }

    [DllImport("libcuda.so.1", EntryPoint = "cuMemGetInfo_v2", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetInfo(out nuint free, out nuint total);
}
