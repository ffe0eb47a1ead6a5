using Olmo.Model.Cpu;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Bench;

/// <summary>Kernels of the owners of a training state: sums, digests, the update. They go over more memory than caches hold, once a step.</summary>
internal sealed class StateKernels : IDisposable
{
    private const int Chunks = 512;
    private const double Elements = (double)Chunks * ChunkRange.MaxLength;
    private const int Groups = 12;
    private static readonly AdamWStep Step = new(1f, 0.9999f, 0.1f, 0.95f, 0.05f, 3e-4f, 1f, 1e-8f);
    private readonly CpuProvider _provider;
    private readonly BufferSet _memory;
    private readonly Tensor _gradient;
    private readonly Tensor _parameters;
    private readonly Tensor _first;
    private readonly Tensor _second;
    private readonly Tensor _sums;
    private readonly Tensor _other;
    private readonly Tensor _kept;
    private readonly Tensor _digests;
    private readonly Tensor _squares;
    private readonly Tensor _flags;
    private readonly ChunkRange[] _ranges;
    private readonly byte[] _frame = new byte[PackedIntegers.MostBytes(ChunkRange.MaxLength)];
    private readonly byte[] _received;

    public StateKernels(CpuProvider provider)
    {
        _provider = provider;
        BufferPlan plan = new();
        Shape whole = new((long)Elements);
        TensorSlot gradient = plan.Add("gradient", DType.F32, whole);
        TensorSlot parameters = plan.Add("parameters", DType.F32, whole);
        TensorSlot first = plan.Add("first moments", DType.F32, whole);
        TensorSlot second = plan.Add("second moments", DType.F32, whole);
        TensorSlot sums = plan.Add("sums", DType.I64, whole);
        TensorSlot other = plan.Add("other sums", DType.I64, whole);
        TensorSlot kept = plan.Add("gradient kept", DType.F32, whole);
        TensorSlot digests = plan.Add("digests", DType.I64, new Shape(Chunks));
        TensorSlot squares = plan.Add("squares", DType.F64, new Shape(Chunks));
        TensorSlot flags = plan.Add("flags", DType.I32, new Shape(Chunks));
        _memory = provider.Allocate(plan);
        _gradient = _memory[gradient];
        _parameters = _memory[parameters];
        _first = _memory[first];
        _second = _memory[second];
        _sums = _memory[sums];
        _other = _memory[other];
        _kept = _memory[kept];
        _digests = _memory[digests];
        _squares = _memory[squares];
        _flags = _memory[flags];
        _ranges = [.. Enumerable.Range(0, Chunks).Select(c => (long)c * ChunkRange.MaxLength).Select(at => new ChunkRange(ChunkRange.MaxLength, at, at, (ulong)at))];
        PlainNumbers.Write(provider, _gradient, 1e-3f);
        PlainNumbers.Write(provider, _parameters);
        provider.AddRounded(_gradient, _sums, _ranges, Limit, accumulate: false, _flags);
        provider.AddRounded(_gradient, _other, _ranges, Limit, accumulate: false, _flags);
        _received = _frame[..provider.ReadPacked(SumsOf(0), _frame)];
    }

    private static float Limit => 16384f / Groups;

    /// <summary>The kernels; packing runs on one thread, whoever sends or receives.</summary>
    /// <param name="isOneThread">True: packing, too.</param>
    public IEnumerable<KernelCase> All(bool isOneThread)
    {
        if (isOneThread)
        {
            double bytes = ((double)Chunks * _received.Length) + (8 * Elements); // of one chunk's width, before the sums grow
            yield return new("packing sums", KernelLimit.Copy, bytes, () => EachChunk(c => _provider.ReadPacked(SumsOf(c), _frame)));
            yield return new("unpacking sums", KernelLimit.Copy, bytes, () => EachChunk(c => _provider.WritePacked(SumsOf(c), _received)));
        }

        yield return new("AdamW with digest", KernelLimit.Copy, 32 * Elements, () => _provider.AdamW(Step, _sums, default, _parameters, _first, _second, _ranges, _digests));
        yield return new("AdamW with digest, two parts", KernelLimit.Copy, 40 * Elements, () => _provider.AdamW(Step, _sums, _other, _parameters, _first, _second, _ranges, _digests));
        yield return new("AdamW with digest, gradient kept", KernelLimit.Copy, 28 * Elements, () => _provider.AdamW(Step, _kept, default, _parameters, _first, _second, _ranges, _digests));
        yield return new("gradient into fixed-point sums", KernelLimit.Copy, 20 * Elements, () => _provider.AddRounded(_gradient, _sums, _ranges, Limit, accumulate: true, _flags));
        yield return new("digest of sums", KernelLimit.Read, 8 * Elements, () => _provider.Measure(_sums, default, _ranges, _digests, default, default));
        yield return new("digest and squares of sums", KernelLimit.Read, 8 * Elements, () => _provider.Measure(_sums, default, _ranges, _digests, _squares, default));
        yield return new("digest and squares, two parts", KernelLimit.Read, 16 * Elements, () => _provider.Measure(_sums, _other, _ranges, _digests, _squares, default));
        yield return new("digest, squares, gradient kept", KernelLimit.Copy, 20 * Elements, () => _provider.Measure(_sums, _other, _ranges, _digests, _squares, _kept));
        yield return new("digest of the state", KernelLimit.Read, 12 * Elements, () => _provider.DigestState(_parameters, _first, _second, _ranges, _digests));
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static void EachChunk(Action<int> work)
    {
        for (int c = 0; c < Chunks; c++)
        {
            work(c);
        }
    }

    private Tensor SumsOf(int chunk) => _sums.View((long)chunk * ChunkRange.MaxLength, new Shape(ChunkRange.MaxLength));
}
