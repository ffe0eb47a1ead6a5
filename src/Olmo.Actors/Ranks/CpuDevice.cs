using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Actors.Ranks;

/// <summary>The processors of this machine: a pool of threads, the caller's among them, and main memory.</summary>
public sealed class CpuDevice : IComputeDevice
{
    private readonly ComputePool _pool;
    private readonly CpuProvider _provider;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">Compute threads, the caller included.</param>
    /// <param name="width">Instruction set; decides speed only.</param>
    /// <exception cref="PlatformNotSupportedException">This process cannot run the width.</exception>
    public CpuDevice(int threads, SimdWidth width)
    {
        _pool = new ComputePool(threads);
        _provider = new CpuProvider(_pool, width);
    }

    /// <inheritdoc/>
    public ITensorProvider Provider => _provider;

    /// <inheritdoc/>
    public long AllocatedBytes => _pool.AllocatedBytes;

    /// <inheritdoc/>
    public long ReservedBytes => _provider.ReservedBytes;

    /// <inheritdoc/>
    /// <remarks>No bit depends on the rows of a call.</remarks>
    public string NumericsIdOf(int sequencesPerPass) => NumericsId.Current;

    /// <inheritdoc/>
    public void Reserve(long sizeBytes) => _provider.Reserve(sizeBytes);

    /// <inheritdoc/>
    public void ReleaseReserve() => _provider.ReleaseReserve();

    /// <inheritdoc/>
    public void Dispose()
    {
        _provider.Dispose();
        _pool.Dispose();
    }
}
