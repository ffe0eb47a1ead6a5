using System.Runtime.InteropServices;

namespace Olmo.Model.Cuda.Interop;

/// <summary>A shared library in this process; it stays until the process ends.</summary>
/// <param name="Path">Where it was found.</param>
/// <param name="Handle">The loader's handle.</param>
internal sealed record LoadedLibrary(string Path, nint Handle)
{
    /// <summary>Address of a function.</summary>
    /// <exception cref="CudaNotAvailableException">The library has no function of that name: it is too old.</exception>
    public nint Function(string name) => NativeLibrary.TryGetExport(Handle, name, out nint address)
        ? address
        : throw new CudaNotAvailableException($"{Path} has no function {name}: it is too old for this program, which needs CUDA 12 or 13.");
}
