using Olmo.Model.Compute;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary><see cref="Numerics.LinearDigest"/> of a run of integers.</summary>
internal static unsafe partial class SumDigest
{
    /// <summary>Digest of <paramref name="count"/> elements whose first has the index <paramref name="firstIndex"/> in the whole state.</summary>
    public static ulong Of(SimdWidth width, long* x, ulong firstIndex, nint count) => width switch
    {
        SimdWidth.Avx512 => OfAvx512(x, firstIndex, count),
        SimdWidth.Avx2 => OfAvx2(x, firstIndex, count),
        _ => OfReference(x, firstIndex, count),
    };
}
