namespace Olmo.Model.Cuda.Interop;

/// <summary>The three libraries of the CUDA provider.</summary>
/// <param name="Driver">Talks to the device; initialised.</param>
/// <param name="Nvrtc">Compiles kernels.</param>
/// <param name="CublasLt">Multiplies matrices.</param>
internal sealed record CudaLibraries(CudaDriver Driver, Nvrtc Nvrtc, CublasLt CublasLt)
{
    /// <summary>Loads them.</summary>
    /// <exception cref="CudaNotAvailableException">Some are missing, or the driver does not work; the message lists what and where it was looked for.</exception>
    public static CudaLibraries Load(NativeLibraries places)
    {
        LoadedLibrary? driverFile = places.Find(CudaComponent.Driver);
        CudaDriver? driver = driverFile is null ? null : new CudaDriver(driverFile);
        int version = driver?.Version() ?? int.MaxValue;
        CudaComponent[] needed = [CudaComponent.Driver, CudaComponent.Nvrtc.ServedBy(version), CudaComponent.CublasLt.ServedBy(version)];
        LoadedLibrary? nvrtc = places.Find(needed[1]);
        LoadedLibrary? cublasLt = places.Find(needed[2]);
        if (driver is null || nvrtc is null || cublasLt is null)
        {
            LoadedLibrary?[] found = [driverFile, nvrtc, cublasLt];
            throw new CudaNotAvailableException(places.Describe(needed.Where((_, i) => found[i] is null)));
        }

        try
        {
            driver.Initialize();
        }
        catch (CudaException e)
        {
            throw new CudaNotAvailableException($"The NVIDIA driver ({driver.Path}) does not work: {e.Message}", e);
        }

        return new CudaLibraries(driver, new Nvrtc(nvrtc), new CublasLt(cublasLt));
    }
}
