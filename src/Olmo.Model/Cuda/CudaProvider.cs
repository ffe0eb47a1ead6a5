using Olmo.Model.Cuda.Interop;
using Olmo.Model.Tensors;

namespace Olmo.Model.Cuda;

/// <summary>
/// Tensors in the memory of an NVIDIA GPU. Operations are put in line in one stream; kernels are compiled for the GPU when they are first used, products are cuBLASLt's. The same calls
/// give the same bits on the same model of GPU with the same libraries: no sum has an order that changes from run to run.
/// </summary>
/// <remarks>Weights and activations may be F32 or BF16; sums are fp32. The order of sums is not that of the CPU provider.</remarks>
public sealed unsafe partial class CudaProvider : ITensorProvider
{
    private readonly CudaDevice _device;
    private readonly CudaKernels _kernels;
    private readonly CudaProducts _products;
    private readonly StagingRing _staging;
    private readonly RangeTable _ranges;
    private readonly ScratchMemory _scratch;
    private readonly Version _compilerVersion;
    private bool _isDisposed;

    /// <summary>Opens a GPU.</summary>
    /// <param name="ordinal">Number of the GPU, 0 for the first that the process may see.</param>
    /// <param name="kernelCache">Folder that keeps compiled kernels for the next process; null: olmo/cuda in the user's cache folder.</param>
    /// <exception cref="CudaNotAvailableException">A library or the GPU is missing; the message says which, and where it was looked for.</exception>
    /// <exception cref="CudaException">The GPU refuses.</exception>
    public CudaProvider(int ordinal = 0, string? kernelCache = null)
    {
        CudaLibraries libraries = CudaLibraries.Load(NativeLibraries.OfThisMachine());
        _device = new CudaDevice(libraries.Driver, ordinal);
        _kernels = new CudaKernels(_device, libraries.Nvrtc, new KernelCache(kernelCache ?? KernelCache.DefaultFolder()));
        _products = new CudaProducts(_device, libraries.CublasLt);
        _staging = new StagingRing(_device);
        _ranges = new RangeTable(_device, _staging);
        _scratch = new ScratchMemory(_device);
        _compilerVersion = libraries.Nvrtc.Version;
    }

    /// <inheritdoc/>
    public string Device => $"cuda {_device.Ordinal}, {_device.Name}, sm_{_device.ComputeCapability}";

    /// <summary>All that decides bits: the GPU's model, the versions of the libraries that compile and multiply, and the kernels' texts.</summary>
    public string NumericsId =>
        $"cuda {_device.Name} sm_{_device.ComputeCapability} nvrtc {_compilerVersion} cublasLt {_products.Version} kernels {_kernels.Id}";

    /// <inheritdoc/>
    public IReadOnlyCollection<Precision> Precisions { get; } = [Precision.Single, Precision.BFloat16];

    /// <inheritdoc/>
    public IReadOnlyCollection<DType> ActivationTypes => Traits.ActivationTypes;

    /// <inheritdoc/>
    public int LeastProductRows => Traits.LeastProductRows;

    /// <summary>A line for each kind of product so far with the algorithm that it keeps, for logs.</summary>
    public IReadOnlyList<string> ProductAlgorithms => _products.Algorithms;

    /// <inheritdoc/>
    /// <exception cref="OutOfMemoryException">The GPU has not that much free memory; the message says how much was wanted and is free.</exception>
    public BufferSet Allocate(BufferPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        RefuseRecording("Memory");
        Enter();
        return CudaBufferSet.Allocate(_device, plan);
    }

    /// <summary>Waits until all operations so far are done.</summary>
    public void Synchronize()
    {
        RefuseRecording("A wait");
        _device.Synchronize();
    }

    /// <summary>Frees scratch memory and kernels; plans are disposed before.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _device.Synchronize();
        _scratch.Dispose();
        _cacheRowMemory?.Dispose();
        _ranges.Dispose();
        _staging.Dispose();
        _products.Dispose();
        _kernels.Dispose();
        _device.Dispose();
    }

    private void Enter() => _device.Enter();

    /// <summary>Puts a kernel in line; an empty grid is none.</summary>
    /// <param name="kernel">"file/function".</param>
    /// <param name="grid">Blocks.</param>
    /// <param name="threads">Threads of a block, 1 .. 1,024.</param>
    /// <param name="sharedBytes">Dynamic shared memory of a block.</param>
    /// <param name="arguments">One for each parameter of the kernel, in order.</param>
    private void Launch(string kernel, KernelGrid grid, int threads, int sharedBytes, params ReadOnlySpan<KernelArgument> arguments)
    {
        if (grid.IsEmpty)
        {
            return;
        }

        grid.Validate();
        Enter();
        _device.Driver.Launch(kernel, _kernels.Find(kernel, sharedBytes), grid, threads, sharedBytes, _device.Stream, arguments);
    }

    /// <summary>
    /// Device memory, on a multiple of 256 bytes, until the next call; for the thread that puts operations in line only, and by one operation at a time: an operation that
    /// needs several pieces asks for their sum.
    /// </summary>
    private ulong Scratch(long bytes)
    {
        Enter();
        return _scratch.Take(bytes, IsRecording);
    }

    /// <summary>Ranges as kernels read them (<see cref="RangeTable"/>); 0 for none.</summary>
    private ulong DeviceRanges(ReadOnlySpan<ChunkRange> ranges)
    {
        Enter();
        return _ranges.Find(ranges, !IsRecording);
    }
}
