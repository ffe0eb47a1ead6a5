namespace Olmo.Model.Cuda;

/// <summary>Time between two points of a device's stream, measured by the device.</summary>
public sealed class CudaTimer : IDisposable
{
    private readonly CudaDevice _device;
    private readonly nint _start;
    private readonly nint _end;
    private bool _isDisposed;

    internal CudaTimer(CudaDevice device)
    {
        _device = device;
        _start = device.Driver.CreateEvent(isTimed: true);
        _end = device.Driver.CreateEvent(isTimed: true);
    }

    /// <summary>Begins after the operations that were put in line so far.</summary>
    public void Start()
    {
        _device.Enter();
        _device.Driver.Record(_start, _device.Stream);
    }

    /// <summary>Ends after the operations that were put in line so far, and waits for them.</summary>
    /// <returns>Time since <see cref="Start"/>, to about half a microsecond.</returns>
    public TimeSpan Stop()
    {
        _device.Enter();
        _device.Driver.Record(_end, _device.Stream);
        _device.Driver.SynchronizeEvent(_end);
        return TimeSpan.FromMilliseconds(_device.Driver.Elapsed(_start, _end));
    }

    /// <summary>Frees the two points.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _device.Enter();
            _device.Driver.DestroyEvent(_start);
            _device.Driver.DestroyEvent(_end);
        }
    }
}
