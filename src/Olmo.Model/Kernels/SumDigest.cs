using Olmo.Model.Compute;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>
/// Linear digest of fixed-point sums: sum of x_i * h(i) modulo 2^64. The digest of a sum is the sum of the digests of its parts, whatever
/// their number, so an owner can check what it added against what was sent.
/// </summary>
internal static unsafe partial class SumDigest
{
    private const ulong IndexMultiplier = 0x9E3779B97F4A7C15;
    private const ulong MixMultiplier = 0xD6E8FEB86659FD93;

    /// <summary>Digest of <paramref name="count"/> elements whose first has the index <paramref name="firstIndex"/> in the whole state.</summary>
    public static ulong Of(SimdWidth width, long* x, ulong firstIndex, nint count) => width switch
    {
        SimdWidth.Avx512 => OfAvx512(x, firstIndex, count),
        SimdWidth.Avx2 => OfAvx2(x, firstIndex, count),
        _ => OfReference(x, firstIndex, count),
    };

    /// <summary>h(i), odd, so that no single changed element goes unseen.</summary>
    public static ulong Factor(ulong index)
    {
        ulong u = (index + 1) * IndexMultiplier;
        u = (u ^ (u >> 32)) * MixMultiplier;
        return (u ^ (u >> 32)) | 1;
    }
}
