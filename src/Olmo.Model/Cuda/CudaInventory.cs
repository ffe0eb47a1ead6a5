using Olmo.Model.Cuda.Interop;

namespace Olmo.Model.Cuda;

/// <summary>What this machine has and lacks for the CUDA provider; looking never fails, and takes no memory of a GPU.</summary>
public static class CudaInventory
{
    /// <summary>The driver with its GPUs, the compiler and the library of products.</summary>
    public static IReadOnlyList<CudaFinding> Look() => Look(NativeLibraries.OfThisMachine());

    /// <summary>As <see cref="Look()"/>, for a file system of a test's own.</summary>
    internal static IReadOnlyList<CudaFinding> Look(NativeLibraries places)
    {
        int version = int.MaxValue;
        CudaFinding driver = Describe(places, CudaComponent.Driver, library =>
        {
            CudaDriver loaded = new(library);
            version = loaded.Version();
            loaded.Initialize();
            IEnumerable<string> devices = Enumerable.Range(0, loaded.DeviceCount()).Select(i => loaded.DeviceName(loaded.Device(i)));
            return $"serves CUDA {version / 1000}.{version % 1000 / 10}; GPUs: {string.Join(", ", devices)}";
        });
        return
        [
            driver,
            Describe(places, CudaComponent.Nvrtc.ServedBy(version), library => $"{new Nvrtc(library).Version}"),
            Describe(places, CudaComponent.CublasLt.ServedBy(version), library =>
            {
                long number = new CublasLt(library).Version;
                return $"{number / 10000}.{number / 100 % 100}.{number % 100}";
            }),
        ];
    }

    private static CudaFinding Describe(NativeLibraries places, CudaComponent component, Func<LoadedLibrary, string> describe)
    {
        LoadedLibrary? library = places.Find(component);
        if (library is null)
        {
            return new CudaFinding(component.Name, $"not found ({string.Join(", ", component.FileNames)}); {component.Remedy}; training on the CPU needs none", false);
        }

        try
        {
            return new CudaFinding(component.Name, $"{describe(library)} ({library.Path})", true);
        }
        catch (Exception e) when (e is CudaException or CudaNotAvailableException)
        {
            return new CudaFinding(component.Name, $"found ({library.Path}), but: {e.Message}", false);
        }
    }
}
