namespace Olmo.Model.Cuda;

/// <summary>
/// One piece of device memory that operations use one after another. It grows to the most that any of them needs; as everything is in one stream, the next user may write while the one
/// before has only been put in line.
/// </summary>
internal sealed class ScratchMemory(CudaDevice device) : IDisposable
{
    private const long Step = 1 << 20;

    private readonly List<ulong> _recorded = [];
    private ulong _address;
    private long _sizeBytes;
    private bool _isRecorded;

    /// <summary>At least so many bytes, on a multiple of 256, until the next call; the device's context must be current.</summary>
    /// <param name="bytes">Bytes.</param>
    /// <param name="isRecording">True: a graph will use the address as long as it lives.</param>
    public ulong Take(long bytes, bool isRecording)
    {
        if (bytes > _sizeBytes)
        {
            long size = Math.Max((bytes + Step - 1) / Step * Step, 2 * _sizeBytes);
            Retire(isRecording);
            (_address, _sizeBytes) = (0, 0); // where the device has no more, there is nothing to free twice
            _address = device.Driver.Allocate(size);
            _sizeBytes = size;
        }

        _isRecorded |= isRecording;
        return _address;
    }

    /// <summary>Frees the memory; the stream must be done and the device's context current.</summary>
    public void Dispose()
    {
        foreach (ulong address in _recorded.Append(_address).Where(a => a != 0))
        {
            device.Driver.Free(address);
        }

        _recorded.Clear();
        (_address, _sizeBytes) = (0, 0);
    }

    private void Retire(bool isRecording)
    {
        if (_address == 0)
        {
            return;
        }

        if (_isRecorded || isRecording)
        {
            _recorded.Add(_address);
            _isRecorded = false;
        }
        else
        {
            device.Driver.Synchronize(device.Stream);
            device.Driver.Free(_address);
        }
    }
}
