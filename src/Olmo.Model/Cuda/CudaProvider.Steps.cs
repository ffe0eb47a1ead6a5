using System.Buffers;
using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cuda;

/// <content>Sums across groups and the update. Their bits are those of every other device.</content>
public sealed unsafe partial class CudaProvider
{
    private const int RangesOfBlock = 16;

    /// <inheritdoc/>
    public void AddRounded(in Tensor gradient, in Tensor sums, ReadOnlySpan<ChunkRange> ranges, float limit, bool accumulate, in Tensor flags)
    {
        Require(flags.Count == ranges.Length, "rounded sum", gradient, flags);
        RequireInside(ranges, "rounded sum", gradient, sums);
        Launch(
            "steps/add_rounded", ranges.Length, RowThreads, 0,
            Address(gradient, DType.F32), Address(sums, DType.I64), DeviceRanges(ranges), Address(flags, DType.I32), limit, accumulate ? 1 : 0);
        Changed(sums);
        Changed(flags);
    }

    /// <inheritdoc/>
    public void AddIntegers(in Tensor values, in Tensor sums)
    {
        RequireSame("sum of integers", values, sums);
        Launch("steps/add_integers", (sums.Count + RowThreads - 1) / RowThreads, RowThreads, 0, Address(values, DType.I64), Address(sums, DType.I64), sums.Count);
        Changed(sums);
    }

    /// <inheritdoc/>
    public int ReadPacked(in Tensor source, Span<byte> packed)
    {
        if (packed.Length < PackedIntegers.MostBytes(source.Count))
        {
            throw new ArgumentException($"'{source.Buffer.Name}' {source.Shape} needs room for {PackedIntegers.MostBytes(source.Count)} bytes; {packed.Length} were given.", nameof(packed));
        }

        int count = checked((int)source.Count);
        long[] values = ArrayPool<long>.Shared.Rent(count);
        try
        {
            Read(source, values.AsSpan(0, count));
            fixed (long* from = values)
            fixed (byte* to = packed)
            {
                return (int)SumPacking.Pack(SimdWidths.Best, from, count, to);
            }
        }
        finally
        {
            ArrayPool<long>.Shared.Return(values);
        }
    }

    /// <inheritdoc/>
    public int WritePacked(in Tensor destination, ReadOnlySpan<byte> packed)
    {
        long length = PackedIntegers.LengthOf(packed, destination.Count);
        if (length < 0)
        {
            throw new ArgumentException($"{packed.Length} bytes do not hold {destination.Count} packed integers.", nameof(packed));
        }

        int count = checked((int)destination.Count);
        long[] values = ArrayPool<long>.Shared.Rent(count);
        try
        {
            fixed (byte* from = packed)
            fixed (long* to = values)
            {
                SumPacking.Unpack(SimdWidths.Best, from, packed.Length, to, count);
            }

            Write<long>(destination, values.AsSpan(0, count));
            return (int)length;
        }
        finally
        {
            ArrayPool<long>.Shared.Return(values);
        }
    }

    /// <inheritdoc/>
    public void Measure(in Tensor sums, in Tensor other, ReadOnlySpan<ChunkRange> ranges, in Tensor digests, in Tensor squares, in Tensor gradient)
    {
        RequireMeasure(sums, other, ranges, digests, squares, gradient);
        Launch(
            "steps/measure", (ranges.Length + RangesOfBlock - 1) / RangesOfBlock, RowThreads, 0,
            Address(sums, DType.I64), Optional(other, DType.I64), DeviceRanges(ranges), Address(digests, DType.I64), Optional(squares, DType.F64), Optional(gradient, DType.F32), ranges.Length);
        Changed(digests);
        Changed(squares);
        Changed(gradient);
    }

    /// <inheritdoc/>
    public void AdamW(
        in AdamWStep step, in Tensor sums, in Tensor other, in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests)
    {
        Require(digests.Count == ranges.Length, "AdamW step", p, digests);
        RequireInside(ranges, "AdamW step", p, sums);
        RequirePacked(ranges, "AdamW step", sums, other, m, v);
        bool isMeasured = sums.DType == DType.F32 && other.IsNone;
        Launch(
            "steps/adamw", ranges.Length, RowThreads, 0,
            isMeasured ? 0UL : Address(sums, DType.I64), Optional(other, DType.I64), isMeasured ? Address(sums, DType.F32) : 0UL, Address(p, DType.F32), Address(m, DType.F32), Address(v, DType.F32), DeviceRanges(ranges), Address(digests, DType.I64),
            step.Clip, step.Decay, step.OneMinusBeta1, step.Beta2, step.OneMinusBeta2, step.StepSize, step.InverseRootCorrection2, step.Epsilon);
        Changed(p);
        Changed(m);
        Changed(v);
        Changed(digests);
    }

    /// <inheritdoc/>
    public void DigestState(in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests)
    {
        Require(digests.Count == ranges.Length, "digest of the state", p, digests);
        RequireInside(ranges, "digest of the state", p, m);
        RequirePacked(ranges, "digest of the state", m, v, m, m);
        Launch(
            "steps/digest_state", ranges.Length, RowThreads, 0,
            Address(p, DType.F32), Address(m, DType.F32), Address(v, DType.F32), DeviceRanges(ranges), Address(digests, DType.I64));
        Changed(digests);
    }
}
