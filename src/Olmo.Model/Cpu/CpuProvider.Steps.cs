using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;
using static Olmo.Model.Tensors.OperandChecks;

namespace Olmo.Model.Cpu;

/// <content>Sums across groups and the update, range by range: everything a range needs stays in the cache of one core.</content>
public sealed unsafe partial class CpuProvider
{
    private enum RangeOperation
    {
        AddRounded,
        Measure,
        AdamW,
        DigestState,
    }

    /// <inheritdoc/>
    public void AddRounded(in Tensor gradient, in Tensor sums, ReadOnlySpan<ChunkRange> ranges, float limit, bool accumulate, in Tensor flags)
    {
        Require(flags.Count == ranges.Length, "rounded sum", gradient, flags);
        RequireInside(ranges, "rounded sum", gradient, sums);
        RunRanges(
            new RangeJob
            {
                Operation = RangeOperation.AddRounded,
                P = Floats(gradient),
                Sums = Longs(sums),
                Flags = Integers(flags),
                Limit = limit,
                Accumulate = accumulate,
            },
            ranges);
    }

    /// <inheritdoc/>
    public void AddIntegers(in Tensor values, in Tensor sums)
    {
        RequireSame("sum of integers", values, sums);
        IntegerJob job = new() { Width = _width, Values = Longs(values), Sums = Longs(sums), Count = (nint)sums.Count };
        RunShort(ref job, Blocks(job.Count, ItemElements));
    }

    /// <inheritdoc/>
    public int ReadPacked(in Tensor source, Span<byte> packed)
    {
        if (packed.Length < PackedIntegers.MostBytes(source.Count))
        {
            throw new ArgumentException($"'{source.Buffer.Name}' {source.Shape} needs room for {PackedIntegers.MostBytes(source.Count)} bytes; {packed.Length} were given.", nameof(packed));
        }

        fixed (byte* destination = packed)
        {
            return (int)SumPacking.Pack(_width, Longs(source), (nint)source.Count, destination);
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

        fixed (byte* source = packed)
        {
            SumPacking.Unpack(_width, source, packed.Length, Longs(destination), (nint)destination.Count);
        }

        return (int)length;
    }

    /// <inheritdoc/>
    public void Measure(in Tensor sums, in Tensor other, ReadOnlySpan<ChunkRange> ranges, in Tensor digests, in Tensor squares, in Tensor gradient)
    {
        RequireMeasure(sums, other, ranges, digests, squares, gradient);
        RunRanges(
            new RangeJob
            {
                Operation = RangeOperation.Measure,
                Sums = Longs(sums),
                Other = other.IsNone ? null : Longs(other),
                Digests = Longs(digests),
                Squares = squares.IsNone ? null : Doubles(squares),
                Gradient = gradient.IsNone ? null : Floats(gradient),
            },
            ranges);
    }

    /// <inheritdoc/>
    public void AdamW(
        in AdamWStep step, in Tensor sums, in Tensor other, in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests)
    {
        Require(digests.Count == ranges.Length, "AdamW step", p, digests);
        RequireInside(ranges, "AdamW step", p, sums);
        RequirePacked(ranges, "AdamW step", sums, other, m, v);
        bool isMeasured = sums.DType == DType.F32 && other.IsNone;
        RunRanges(
            new RangeJob
            {
                Operation = RangeOperation.AdamW,
                Step = step,
                Sums = isMeasured ? null : Longs(sums),
                Gradient = isMeasured ? Floats(sums) : null,
                Other = other.IsNone ? null : Longs(other),
                P = Floats(p),
                M = Floats(m),
                V = Floats(v),
                Digests = Longs(digests),
            },
            ranges);
    }

    /// <inheritdoc/>
    public void DigestState(in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests)
    {
        Require(digests.Count == ranges.Length, "digest of the state", p, digests);
        RequireInside(ranges, "digest of the state", p, m);
        RequirePacked(ranges, "digest of the state", m, v, m, m);
        RunRanges(new RangeJob { Operation = RangeOperation.DigestState, P = Floats(p), M = Floats(m), V = Floats(v), Digests = Longs(digests) }, ranges);
    }

    // A single range runs where it is asked for, so that a second thread may ask.
    private void RunRanges(RangeJob job, ReadOnlySpan<ChunkRange> ranges)
    {
        fixed (ChunkRange* first = ranges)
        {
            job.Ranges = first;
            job.Width = _width;
            job.Totals = _rangeScratch.Pointer<long>();
            job.Gradients = (float*)(job.Totals + ((nint)_pool.Threads * ChunkRange.MaxLength));
            RunShort(ref job, ranges.Length);
        }
    }

    private void RunShort<TJob>(ref TJob job, nint items)
        where TJob : struct, IRangeJob
    {
        if (items == 1)
        {
            job.Execute(0, 1, 0);
        }
        else
        {
            _pool.Run(ref job, items);
        }
    }

    private struct RangeJob : IRangeJob
    {
        public RangeOperation Operation;
        public SimdWidth Width;
        public ChunkRange* Ranges;
        public AdamWStep Step;
        public long* Sums;
        public long* Other;
        public float* P;
        public float* M;
        public float* V;
        public int* Flags;
        public long* Digests;
        public double* Squares;
        public float* Gradient;
        public long* Totals;
        public float* Gradients;
        public float Limit;
        public bool Accumulate;

        public readonly void Execute(nint from, nint to, int worker)
        {
            long* total = Totals + ((nint)worker * ChunkRange.MaxLength);
            float* gradient = Gradients + ((nint)worker * ChunkRange.MaxLength);
            for (nint i = from; i < to; i++)
            {
                ChunkRange range = Ranges[i];
                switch (Operation)
                {
                    case RangeOperation.AddRounded:
                        AddRounded(range, i);
                        break;
                    case RangeOperation.Measure:
                        Measure(range, i, total, gradient);
                        break;
                    case RangeOperation.AdamW:
                        Kernels.AdamW.Update(Width, Step, GradientOf(range, total, gradient), P + range.InTensor, M + range.Packed, V + range.Packed, 0, range.Length);
                        Digests[i] = DigestOf(range);
                        break;
                    default:
                        Digests[i] = DigestOf(range);
                        break;
                }
            }
        }

        private readonly void AddRounded(in ChunkRange range, nint i)
        {
            float* x = P + range.InTensor;
            long* sum = Sums + range.Packed;
            bool valid = Accumulate ? FixedPoint.Accumulate(Width, x, sum, Limit, 0, range.Length) : FixedPoint.Round(Width, x, sum, Limit, 0, range.Length);
            if (!valid)
            {
                Flags[i] = 1;
            }
        }

        private readonly void Measure(in ChunkRange range, nint i, long* total, float* gradient)
        {
            if (Squares == null)
            {
                Digests[i] = (long)SumDigest.Of(Width, TotalOf(range, total), range.Index, range.Length);
                return;
            }

            (ulong digest, Squares[i]) = SumMeasure.Of(
                Width, Sums + range.Packed, Other == null ? null : Other + range.Packed, Gradient == null ? null : Gradient + range.Packed, total, gradient, range.Index, range.Length);
            Digests[i] = (long)digest;
        }

        // As it was measured; else in the scratch.
        private readonly float* GradientOf(in ChunkRange range, long* total, float* scratch)
        {
            if (Gradient != null)
            {
                return Gradient + range.Packed;
            }

            FixedPoint.ToFloat(Width, TotalOf(range, total), scratch, 0, range.Length);
            return scratch;
        }

        // The whole sum; in the scratch only where two parts must be added.
        private readonly long* TotalOf(in ChunkRange range, long* scratch)
        {
            long* sums = Sums + range.Packed;
            if (Other == null)
            {
                return sums;
            }

            new ReadOnlySpan<long>(sums, range.Length).CopyTo(new Span<long>(scratch, range.Length));
            FixedPoint.Add(Width, Other + range.Packed, scratch, 0, range.Length);
            return scratch;
        }

        private readonly long DigestOf(in ChunkRange range) =>
            (long)(DigestOf(0, P + range.InTensor, range) + DigestOf(1, M + range.Packed, range) + DigestOf(2, V + range.Packed, range));

        private readonly ulong DigestOf(int plane, float* values, in ChunkRange range)
        {
            int pairs = range.Length / 2;
            ulong first = ((ulong)plane << 60) + range.Index;
            ulong digest = SumDigest.Of(Width, (long*)values, first, pairs);
            if (range.Length % 2 != 0)
            {
                digest += BitConverter.SingleToUInt32Bits(values[range.Length - 1]) * LinearDigest.Factor(first + (ulong)pairs);
            }

            return digest;
        }
    }

    private struct IntegerJob : IRangeJob
    {
        public SimdWidth Width;
        public long* Values;
        public long* Sums;
        public nint Count;

        public readonly void Execute(nint from, nint to, int worker) =>
            FixedPoint.Add(Width, Values, Sums, from * ItemElements, Math.Min(to * ItemElements, Count));
    }
}
