using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cpu;

/// <summary>
/// Tensors in main memory, operations by the SIMD kernels over a pool of threads. Operations are done when they return. Nothing is allocated on the managed heap
/// by an operation, and no bit depends on threads, split or vector width. What a second thread may ask for runs on that thread and leaves the pool alone.
/// </summary>
public sealed unsafe partial class CpuProvider : ITensorProvider
{
    // Elements that a worker takes at a time: large against the cost of taking, small against a core's cache.
    private const nint ItemElements = 16384;
    private const nint ColumnBlock = 64;
    private const int UsualHeadWidth = 128;

    private readonly ComputePool _pool;
    private readonly SimdWidth _width;
    private readonly GemmWorkspace _gemm;
    private readonly AlignedBuffer _rangeScratch;
    private readonly MemoryReserve _reserve = new();
    private AlignedBuffer _attentionScratch;
    private nint _attentionFloats;

    /// <summary>Uses a pool that the caller owns.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="width">Instruction set; decides speed only.</param>
    /// <exception cref="PlatformNotSupportedException">This process cannot run the width.</exception>
    public CpuProvider(ComputePool pool, SimdWidth width)
    {
        ArgumentNullException.ThrowIfNull(pool);
        SimdWidths.ThrowIfUnsupported(width);
        _pool = pool;
        _width = width;
        _gemm = new GemmWorkspace(pool.Threads);
        _rangeScratch = new AlignedBuffer((long)pool.Threads * ChunkRange.MaxLength * (sizeof(long) + sizeof(float)));
        _attentionFloats = FloatsFor(UsualHeadWidth);
        _attentionScratch = AlignedBuffer.Of<float>(_attentionFloats * pool.Threads);
    }

    /// <summary>What all processors have in common.</summary>
    public static DeviceTraits Traits { get; } = new([DType.F32], 512);

    /// <inheritdoc/>
    public string Device => $"cpu, {_width}, {_pool.Threads} threads";

    /// <inheritdoc/>
    public IReadOnlyCollection<Precision> Precisions { get; } = [Precision.Single, Precision.BFloat16];

    /// <inheritdoc/>
    public IReadOnlyCollection<DType> ActivationTypes => Traits.ActivationTypes;

    /// <inheritdoc/>
    /// <remarks>A tile of 2,048 rows runs at 1.15 to 1.5 times the speed of one of 128, one of 512 at 0.86 to 0.93 of it.</remarks>
    public int LeastProductRows => Traits.LeastProductRows;

    /// <summary>Threads that operations run on; free for the caller between operations.</summary>
    public ComputePool Pool => _pool;

    /// <summary>Instruction set of the kernels.</summary>
    public SimdWidth Width => _width;

    /// <inheritdoc/>
    public BufferSet Allocate(BufferPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return CpuBufferSet.Allocate(plan, _reserve);
    }

    /// <summary>Bytes of <see cref="Reserve"/> that nobody has taken.</summary>
    public long ReservedBytes => _reserve.SizeBytes;

    /// <summary>Takes memory from the system and touches it, for a plan of about this size that is allocated later: each call is for one plan.</summary>
    /// <param name="sizeBytes">Bytes of the plan; a larger one does not fit.</param>
    /// <exception cref="OutOfMemoryException">The system has not that much memory.</exception>
    public void Reserve(long sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sizeBytes);
        _reserve.Add(sizeBytes);
    }

    /// <summary>Gives back what was reserved and not used.</summary>
    public void ReleaseReserve() => _reserve.Release();

    /// <inheritdoc/>
    public void Write<T>(in Tensor destination, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        byte* target = Host<T>(destination, values.Length);
        MemoryMarshal.AsBytes(values).CopyTo(new Span<byte>(target, checked(values.Length * sizeof(T))));
    }

    /// <inheritdoc/>
    public void Read<T>(in Tensor source, Span<T> values)
        where T : unmanaged
    {
        byte* from = Host<T>(source, values.Length);
        new ReadOnlySpan<byte>(from, checked(values.Length * sizeof(T))).CopyTo(MemoryMarshal.AsBytes(values));
    }

    /// <inheritdoc/>
    public ReadOnlySpan<T> View<T>(in Tensor source)
        where T : unmanaged => new(Host<T>(source, checked((int)source.Count)), (int)source.Count);

    /// <inheritdoc/>
    public void Zero(in Tensor tensor)
    {
        ZeroJob job = new() { Target = Address(tensor), Bytes = (nint)(tensor.Count * tensor.DType.SizeBytes()) };
        RunShort(ref job, Blocks(job.Bytes, ZeroJob.Block));
    }

    /// <inheritdoc/>
    public void Copy(in Tensor source, in Tensor destination)
    {
        if (source.DType != destination.DType || source.Count != destination.Count || source.Buffer.IsPacked || destination.Buffer.IsPacked)
        {
            throw Unfit("copy", source, destination);
        }

        CopyJob job = new() { Source = Address(source), Target = Address(destination), Bytes = (nint)(source.Count * source.DType.SizeBytes()) };
        RunShort(ref job, Blocks(job.Bytes, ZeroJob.Block));
    }

    /// <inheritdoc/>
    public void AddInOrder(in Tensor values, in Tensor total)
    {
        if (total.DType != DType.F64 || total.Count != 1)
        {
            throw Unfit("sum in order", values, total);
        }

        float* x = Floats(values);
        double* sum = Doubles(total);
        double s = *sum;
        for (long i = 0; i < values.Count; i++)
        {
            s += x[i];
        }

        *sum = s;
    }

    /// <summary>Frees scratch memory; plans and the pool stay.</summary>
    public void Dispose()
    {
        _gemm.Dispose();
        _reserve.Dispose();
        _rangeScratch.Dispose();
        _attentionScratch.Dispose();
    }

    private static float* Floats(in Tensor tensor) => (float*)Address(tensor, DType.F32);

    private static byte* Address(in Tensor tensor) =>
        tensor.Buffer is CpuBuffer buffer
            ? buffer.At(tensor.IsSeenAsBFloat16 ? throw new ArgumentException($"'{tensor.Buffer.Name}' is seen as bf16: only products read it so.") : tensor.Offset)
            : throw new ArgumentException($"'{tensor.Buffer.Name}' is not in the memory of this provider ({CpuBuffer.MainMemory}) but of '{tensor.Buffer.Device}'.");

    private static float* Optional(in Tensor tensor) => tensor.IsNone ? null : Floats(tensor);

    private static int* Integers(in Tensor tensor) => (int*)Address(tensor, DType.I32);

    private static long* Longs(in Tensor tensor) => (long*)Address(tensor, DType.I64);

    private static double* Doubles(in Tensor tensor) => (double*)Address(tensor, DType.F64);

    private static byte* Address(in Tensor tensor, DType needed) =>
        tensor.DType == needed && !tensor.Buffer.IsPacked
            ? Address(tensor)
            : throw new ArgumentException($"'{tensor.Buffer.Name}' is {(tensor.Buffer.IsPacked ? "packed " : "")}{tensor.DType}; {needed}{(tensor.Buffer.IsPacked ? " in rows" : "")} is needed.");

    private static byte* Host<T>(in Tensor tensor, int count)
        where T : unmanaged
    {
        RequireValues<T>(tensor, count);
        return Address(tensor);
    }

    private static nint Blocks(nint count, nint block) => (count + block - 1) / block;

    // Rows of a width that one worker takes at a time.
    private static nint Grain(nint columns) => Math.Max(1, ItemElements / Math.Max(columns, 1));

    private struct ZeroJob : IRangeJob
    {
        public const int Block = ChunkRange.MaxLength * sizeof(long);
        public byte* Target;
        public nint Bytes;

        public readonly void Execute(nint from, nint to, int worker)
        {
            nint start = from * Block;
            NativeMemory.Clear(Target + start, (nuint)(Math.Min(to * Block, Bytes) - start));
        }
    }

    private struct CopyJob : IRangeJob
    {
        public byte* Source;
        public byte* Target;
        public nint Bytes;

        public readonly void Execute(nint from, nint to, int worker)
        {
            nint start = from * ZeroJob.Block;
            NativeMemory.Copy(Source + start, Target + start, (nuint)(Math.Min(to * ZeroJob.Block, Bytes) - start));
        }
    }
}
