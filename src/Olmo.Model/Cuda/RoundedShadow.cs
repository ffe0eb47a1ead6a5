namespace Olmo.Model.Cuda;

/// <summary>Memory for the values of a whole buffer rounded to bf16, and which regions of it are up to date.</summary>
internal sealed class RoundedShadow(CudaDevice device, ulong address) : IDisposable
{
    private readonly Dictionary<(long Offset, long Count), (long Version, int Capture)> _regions = [];
    private ulong _address = address;

    /// <summary>Address of an element.</summary>
    public ulong At(long element) => _address + (ulong)(element * sizeof(ushort));

    /// <summary>Marks a region as up to date.</summary>
    /// <param name="offset">First element.</param>
    /// <param name="count">Elements.</param>
    /// <param name="version">Version of the buffer.</param>
    /// <param name="capture">Number of the recording in which this happens, which has not rounded anything yet; 0: none.</param>
    /// <returns>True: it was up to date before.</returns>
    public bool Renew(long offset, long count, long version, int capture)
    {
        bool isCurrent = _regions.TryGetValue((offset, count), out (long Version, int Capture) last) && last == (version, capture);
        _regions[(offset, count)] = (version, capture);
        return isCurrent;
    }

    /// <summary>Frees the memory; the device's context must be current.</summary>
    public void Dispose()
    {
        if (_address != 0)
        {
            device.Driver.Free(_address);
            _address = 0;
        }
    }
}
