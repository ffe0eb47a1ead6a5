using System.Collections.Immutable;

namespace Olmo.Model.Cuda.Interop;

/// <summary>A shared library that the CUDA provider needs.</summary>
/// <param name="Name">What it is called in messages.</param>
/// <param name="FileNames">Names of its file, the one to prefer first; each ends with the library's major version.</param>
/// <param name="Remedy">What brings it.</param>
internal sealed record CudaComponent(string Name, ImmutableArray<string> FileNames, string Remedy)
{
    /// <summary>Talks to the device.</summary>
    public static CudaComponent Driver { get; } = new("NVIDIA driver", ["libcuda.so.1"], "install the NVIDIA driver of the GPU");

    /// <summary>Compiles kernels.</summary>
    public static CudaComponent Nvrtc { get; } =
        new("NVRTC", ["libnvrtc.so.13", "libnvrtc.so.12"], "install the CUDA toolkit's package cuda-nvrtc, or the Python package nvidia-cuda-nvrtc");

    /// <summary>Multiplies matrices.</summary>
    public static CudaComponent CublasLt { get; } =
        new("cuBLASLt", ["libcublasLt.so.13", "libcublasLt.so.12"], "install the CUDA toolkit's package libcublas, or the Python package nvidia-cublas");

    /// <summary>The same component without the files that are of a newer major version than a driver can serve.</summary>
    /// <param name="driverVersion">1000 major + 10 minor, as the driver says it.</param>
    public CudaComponent ServedBy(int driverVersion) => this with { FileNames = [.. FileNames.Where(name => Major(name) <= driverVersion / 1000)] };

    private static int Major(string name) => int.Parse(name.AsSpan(name.LastIndexOf('.') + 1), provider: null);
}
