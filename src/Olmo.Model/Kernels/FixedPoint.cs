using Olmo.Model.Compute;
using Olmo.Model.Numerics;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>
/// Gradients as 64-bit integers of scale 2^-48, rounded to nearest even: integer sums are the same in any order. A value is valid if its
/// magnitude is below the limit 2^14 / G, so that G of them cannot overflow; anything else, and NaN, counts as 0 and is reported.
/// </summary>
internal static unsafe partial class FixedPoint
{
    /// <summary>y[i] = round(x[i] * 2^48) for elements from..to.</summary>
    /// <param name="limit">Magnitudes at or above it are invalid: <see cref="FixedPointFormat.Limit"/>.</param>
    /// <returns>True if every value was valid.</returns>
    public static bool Round(SimdWidth width, float* x, long* y, float limit, nint from, nint to) => width switch
    {
        SimdWidth.Avx512 => RoundAvx512(x, y, limit, from, to),
        SimdWidth.Avx2 => RoundAvx2(x, y, limit, from, to),
        _ => RoundReference(x, y, limit, from, to),
    };

    /// <summary>sum[i] += round(x[i] * 2^48) for elements from..to.</summary>
    /// <returns>True if every value was valid.</returns>
    public static bool Accumulate(SimdWidth width, float* x, long* sum, float limit, nint from, nint to) => width switch
    {
        SimdWidth.Avx512 => AccumulateAvx512(x, sum, limit, from, to),
        SimdWidth.Avx2 => AccumulateAvx2(x, sum, limit, from, to),
        _ => AccumulateReference(x, sum, limit, from, to),
    };

    /// <summary>sum[i] += x[i] for elements from..to, modulo 2^64.</summary>
    public static void Add(SimdWidth width, long* x, long* sum, nint from, nint to)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                AddAvx512(x, sum, from, to);
                break;
            case SimdWidth.Avx2:
                AddAvx2(x, sum, from, to);
                break;
            default:
                AddReference(x, sum, from, to);
                break;
        }
    }

    /// <summary>y[i] = sum[i] * 2^-48 for elements from..to: to fp64, times 2^-48, to fp32, each rounded to nearest even.</summary>
    public static void ToFloat(SimdWidth width, long* sum, float* y, nint from, nint to)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                ToFloatAvx512(sum, y, from, to);
                break;
            case SimdWidth.Avx2:
                ToFloatAvx2(sum, y, from, to);
                break;
            default:
                ToFloatReference(sum, y, from, to);
                break;
        }
    }
}
