using Olmo.Model.Cuda.Interop;

namespace Olmo.Model.Cuda;

/// <summary>A GPU: its primary context, which the whole process shares, and one stream, in which everything happens in the order in which it was asked for.</summary>
internal sealed class CudaDevice : IDisposable
{
    private readonly int _device;
    private readonly nint _context;
    private bool _isDisposed;

    /// <summary>Opens a GPU.</summary>
    /// <param name="driver">The driver, initialised.</param>
    /// <param name="ordinal">Its number, 0 for the first that the process may see.</param>
    /// <exception cref="CudaNotAvailableException">There is no such GPU.</exception>
    public CudaDevice(CudaDriver driver, int ordinal)
    {
        int count = driver.DeviceCount();
        if (ordinal < 0 || ordinal >= count)
        {
            throw new CudaNotAvailableException($"There is no CUDA device {ordinal}: the driver shows {count}.");
        }

        Driver = driver;
        Ordinal = ordinal;
        _device = driver.Device(ordinal);
        Name = driver.DeviceName(_device);
        ComputeCapability = (driver.DeviceAttribute(_device, DeviceAttribute.ComputeCapabilityMajor) * 10) + driver.DeviceAttribute(_device, DeviceAttribute.ComputeCapabilityMinor);
        MaxSharedBytes = driver.DeviceAttribute(_device, DeviceAttribute.MaxSharedBytesPerBlock);
        _context = driver.RetainPrimaryContext(_device);
        driver.SetCurrent(_context);
        Stream = driver.CreateStream();
    }

    /// <summary>The driver.</summary>
    public CudaDriver Driver { get; }

    /// <summary>Number of the GPU in this process.</summary>
    public int Ordinal { get; }

    /// <summary>What its maker calls it.</summary>
    public string Name { get; }

    /// <summary>10 major + minor.</summary>
    public int ComputeCapability { get; }

    /// <summary>Shared memory that a block may have, bytes.</summary>
    public int MaxSharedBytes { get; }

    /// <summary>The stream.</summary>
    public nint Stream { get; }

    /// <summary>Makes the context current on the calling thread: before any other call of the driver.</summary>
    public void Enter()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        Driver.SetCurrent(_context);
    }

    /// <summary>Waits until everything in the stream is done.</summary>
    public void Synchronize()
    {
        Enter();
        Driver.Synchronize(Stream);
    }

    /// <summary>Frees the stream and gives the context back.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        Enter();
        _isDisposed = true;
        Driver.DestroyStream(Stream);
        Driver.ReleasePrimaryContext(_device);
    }
}
