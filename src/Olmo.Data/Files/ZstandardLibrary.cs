using System.Runtime.InteropServices;

namespace Olmo.Data.Files;

/// <summary>The system's libzstd: its streaming decoder, bound once.</summary>
internal sealed unsafe class ZstandardLibrary
{
    private static readonly string[] Names = OperatingSystem.IsWindows()
        ? ["libzstd.dll", "zstd.dll"]
        : OperatingSystem.IsMacOS() ? ["libzstd.1.dylib", "libzstd.dylib"] : ["libzstd.so.1", "libzstd.so"];

    private static readonly Lazy<ZstandardLibrary?> Instance = new(Load);

    private ZstandardLibrary(nint handle)
    {
        CreateStream = (delegate* unmanaged<nint>)NativeLibrary.GetExport(handle, "ZSTD_createDStream");
        FreeStream = (delegate* unmanaged<nint, nuint>)NativeLibrary.GetExport(handle, "ZSTD_freeDStream");
        DecompressStream = (delegate* unmanaged<nint, Buffer*, Buffer*, nuint>)NativeLibrary.GetExport(handle, "ZSTD_decompressStream");
        IsError = (delegate* unmanaged<nuint, uint>)NativeLibrary.GetExport(handle, "ZSTD_isError");
        ErrorName = (delegate* unmanaged<nuint, byte*>)NativeLibrary.GetExport(handle, "ZSTD_getErrorName");
    }

    public delegate* unmanaged<nint> CreateStream { get; }

    public delegate* unmanaged<nint, nuint> FreeStream { get; }

    public delegate* unmanaged<nint, Buffer*, Buffer*, nuint> DecompressStream { get; }

    public delegate* unmanaged<nuint, uint> IsError { get; }

    public delegate* unmanaged<nuint, byte*> ErrorName { get; }

    /// <summary>The library.</summary>
    /// <exception cref="DataException">It is not on this machine.</exception>
    public static ZstandardLibrary Require(string path) => Instance.Value
        ?? throw new DataException($"{path}: reading .zst needs the system's zstd library ({Names[0]}), which was not found. Install it (Debian and Ubuntu: libzstd1) or decompress the file.");

    private static ZstandardLibrary? Load()
    {
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint handle))
            {
                return new ZstandardLibrary(handle);
            }
        }

        return null;
    }

    /// <summary>ZSTD_inBuffer and ZSTD_outBuffer have the same layout.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Buffer
    {
        public byte* Data;
        public nuint Size;
        public nuint Position;
    }
}
