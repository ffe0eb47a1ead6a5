using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>
/// Packing buffers of <see cref="Gemm"/> for one pool, outside the garbage-collected heap: about 8 MiB that all workers share and under 1 MiB for each worker.
/// One workspace serves one multiplication over a pool at a time; the Single forms use only the given worker's part, at the same time as others use theirs.
/// </summary>
public sealed unsafe class GemmWorkspace : IDisposable
{
    private readonly AlignedBuffer _shared;
    private readonly AlignedBuffer _perWorker;
    private readonly long _workerFloats;

    /// <summary>Buffers for kernels of any <see cref="SimdWidth"/>.</summary>
    /// <param name="workers">Threads of the pool, at least 1.</param>
    public GemmWorkspace(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(workers, ComputePool.MaxThreads);
        Workers = workers;
        _shared = AlignedBuffer.Of<float>(GemmBlocks.Shared.PackedFloats);
        _workerFloats = GemmBlocks.Single.PackedFloats + GemmBlocks.MaxTileFloats;
        try
        {
            _perWorker = AlignedBuffer.Of<float>(_workerFloats * workers);
        }
        catch (OutOfMemoryException)
        {
            _shared.Dispose();
            throw;
        }
    }

    /// <summary>Workers that may use it at the same time.</summary>
    public int Workers { get; }

    /// <summary>Packed A, then packed B of a multiplication over the pool.</summary>
    internal float* Shared => _shared.Pointer<float>();

    /// <summary>Frees the buffers.</summary>
    public void Dispose()
    {
        _shared.Dispose();
        _perWorker.Dispose();
    }

    /// <summary>Packed A, then packed B of a multiplication on one thread.</summary>
    internal float* Packed(int worker) => _perWorker.Pointer<float>(Offset(worker));

    /// <summary>A tile of C at the border, for one worker.</summary>
    internal float* Tile(int worker) => _perWorker.Pointer<float>(Offset(worker) + GemmBlocks.Single.PackedFloats);

    private long Offset(int worker)
    {
        if ((uint)worker >= (uint)Workers)
        {
            throw new ArgumentOutOfRangeException(nameof(worker), worker, $"The workspace was made for {Workers} workers.");
        }

        return worker * _workerFloats;
    }
}
