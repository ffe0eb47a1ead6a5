using Olmo.Model.Compute;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>Sum of squares of an fp32 gradient in fp64, for the global norm.</summary>
internal static unsafe partial class SquareSum
{
    /// <summary>
    /// Sum of x[i]^2 over one chunk of <paramref name="count"/> elements: element i goes to lane i mod 16 (a square of an fp32 number is exact in
    /// fp64), fold 8-4-2-1. Never split a chunk: chunks are added in their order by the caller.
    /// </summary>
    public static double Of(SimdWidth width, float* x, nint count) => width switch
    {
        SimdWidth.Avx512 => OfAvx512(x, count),
        SimdWidth.Avx2 => OfAvx2(x, count),
        _ => OfReference(x, count),
    };
}
