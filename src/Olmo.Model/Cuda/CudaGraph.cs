namespace Olmo.Model.Cuda;

/// <summary>Operations that were recorded: see <see cref="CudaProvider.Capture"/>. Disposed before its tensors and its provider.</summary>
public sealed class CudaGraph : IDisposable
{
    private readonly CudaDevice _device;
    private readonly CudaBuffer[] _changed;
    private nint _executable;

    internal CudaGraph(CudaDevice device, nint executable, CudaBuffer[] changed)
    {
        _device = device;
        _executable = executable;
        _changed = changed;
    }

    /// <summary>Puts all operations in line.</summary>
    /// <exception cref="ObjectDisposedException">The graph was freed.</exception>
    public void Replay()
    {
        ObjectDisposedException.ThrowIf(_executable == 0, this);
        _device.Enter();
        _device.Driver.LaunchGraph(_executable, _device.Stream);
        foreach (CudaBuffer buffer in _changed)
        {
            buffer.NoteChange();
        }
    }

    /// <summary>Waits for the operations and frees the graph.</summary>
    public void Dispose()
    {
        if (_executable != 0)
        {
            _device.Synchronize();
            _device.Driver.DestroyGraph(_executable);
            _executable = 0;
        }
    }
}
