using System.Globalization;
using Olmo.Model.Cuda;
using Olmo.Model.Tensors;

namespace Olmo.Actors.Ranks;

/// <summary>An NVIDIA GPU of this machine. It has no threads of its own, and takes no memory ahead: taking it is quick.</summary>
public sealed class GpuDevice : IComputeDevice
{
    private readonly CudaProvider _provider;

    /// <summary>Opens the GPU of a place: places beyond the number of GPUs begin again with the first.</summary>
    /// <param name="place">Place of the rank on this machine, counted from 0.</param>
    /// <exception cref="CudaNotAvailableException">A library is missing, or there is no GPU; the message says which, and where it was looked for.</exception>
    /// <exception cref="CudaException">The GPU refuses.</exception>
    public GpuDevice(int place)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(place);
        _provider = new CudaProvider(place % Math.Max(1, CudaProvider.DeviceCount()));
    }

    /// <inheritdoc/>
    public ITensorProvider Provider => _provider;

    /// <inheritdoc/>
    public long AllocatedBytes => 0;

    /// <inheritdoc/>
    public long ReservedBytes => 0;

    /// <inheritdoc/>
    /// <remarks>The library chooses how a product is summed by its sizes, and rows are one of them.</remarks>
    public string NumericsIdOf(int sequencesPerPass) => string.Create(CultureInfo.InvariantCulture, $"{_provider.NumericsId} micro-batch {sequencesPerPass}");

    /// <inheritdoc/>
    public void Reserve(long sizeBytes)
    {
    }

    /// <inheritdoc/>
    public void ReleaseReserve()
    {
    }

    /// <inheritdoc/>
    public void Dispose() => _provider.Dispose();
}
