using Olmo.Model.Tensors;

namespace Olmo.Gpu.Kernels;

/// <content>Operations of owners of shards. They touch ranges of their operands: bytes an element are counted.</content>
internal sealed partial class ObservedProvider
{
    public void AddRounded(in Tensor gradient, in Tensor sums, ReadOnlySpan<ChunkRange> ranges, float limit, bool accumulate, in Tensor flags)
    {
        (Tensor from, Tensor to, Tensor raised) = (gradient, sums, flags);
        ChunkRange[] copy = Kept(ranges);
        Do(Named("add rounded", accumulate), ranges, accumulate ? 20.0 : 12.0, given => inner.AddRounded(from, to, given, limit, accumulate, raised), copy);
    }

    public void AddIntegers(in Tensor values, in Tensor sums)
    {
        (Tensor from, Tensor to) = (values, sums);
        Do("add integers", 0.0, [from, to, to], () => inner.AddIntegers(from, to));
    }

    public void Measure(in Tensor sums, in Tensor other, ReadOnlySpan<ChunkRange> ranges, in Tensor digests, in Tensor squares, in Tensor gradient)
    {
        (Tensor own, Tensor foreign, Tensor toDigests, Tensor toSquares, Tensor kept) = (sums, other, digests, squares, gradient);
        ChunkRange[] copy = Kept(ranges);
        Do("measure", ranges, (other.IsNone ? 8.0 : 16.0) + (gradient.IsNone ? 0.0 : 4.0), given => inner.Measure(own, foreign, given, toDigests, toSquares, kept), copy);
    }

    public void AdamW(
        in AdamWStep step, in Tensor sums, in Tensor other, in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests)
    {
        AdamWStep scalars = step;
        (Tensor own, Tensor foreign, Tensor weights, Tensor first, Tensor second, Tensor to) = (sums, other, p, m, v, digests);
        ChunkRange[] copy = Kept(ranges);
        Do("adamw", ranges, sums.DType == DType.F32 ? 28.0 : other.IsNone ? 32.0 : 40.0, given => inner.AdamW(scalars, own, foreign, weights, first, second, given, to), copy);
    }

    public void DigestState(in Tensor p, in Tensor m, in Tensor v, ReadOnlySpan<ChunkRange> ranges, in Tensor digests)
    {
        (Tensor weights, Tensor first, Tensor second, Tensor to) = (p, m, v, digests);
        ChunkRange[] copy = Kept(ranges);
        Do("digest state", ranges, 12.0, given => inner.DigestState(weights, first, second, given, to), copy);
    }

    // For calls that are made again later; without an observer there are none.
    private ChunkRange[] Kept(ReadOnlySpan<ChunkRange> ranges) => Observer is null ? [] : ranges.ToArray();

    private void Do(string name, ReadOnlySpan<ChunkRange> ranges, double bytesOfElement, RangeCall call, ChunkRange[] kept)
    {
        if (Observer is not { } observer)
        {
            call(ranges);
            return;
        }

        double elements = 0.0;
        foreach (ChunkRange range in ranges)
        {
            elements += range.Length;
        }

        string text = FormattableString.Invariant($"{elements:0} elements in {ranges.Length} ranges");
        observer.Run(new Operation(name, text, 0.0, bytesOfElement * elements), () => call(kept));
    }

    private delegate void RangeCall(ReadOnlySpan<ChunkRange> ranges);
}
