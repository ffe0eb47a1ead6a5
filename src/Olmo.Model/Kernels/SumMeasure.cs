using Olmo.Model.Compute;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>
/// What an owner announces of a chunk's sum, in one pass over its parts: <see cref="SumDigest"/>, <see cref="FixedPoint.ToFloat"/> and <see cref="SquareSum"/> of
/// sums + other, bit for bit.
/// </summary>
internal static unsafe partial class SumMeasure
{
    /// <summary>Measures a chunk.</summary>
    /// <param name="other">More of the sum; null: there is one part.</param>
    /// <param name="gradient">The fp32 gradient, written; null: not wanted.</param>
    /// <param name="integers">Scratch for as many.</param>
    /// <param name="floats">Scratch for as many.</param>
    /// <param name="index">Of the first element, in the digest.</param>
    /// <returns>Its digest and its sum of squares.</returns>
    public static (ulong Digest, double Squares) Of(
        SimdWidth width, long* sums, long* other, float* gradient, long* integers, float* floats, ulong index, nint count)
    {
        if (width == SimdWidth.Avx512)
        {
            return OfAvx512(sums, other, gradient, index, count);
        }

        long* total = sums;
        if (other != null)
        {
            total = integers;
            new ReadOnlySpan<long>(sums, (int)count).CopyTo(new Span<long>(total, (int)count));
            FixedPoint.Add(width, other, total, 0, count);
        }

        float* values = gradient == null ? floats : gradient;
        FixedPoint.ToFloat(width, total, values, 0, count);
        return (SumDigest.Of(width, total, index, count), SquareSum.Of(width, values, count));
    }
}
