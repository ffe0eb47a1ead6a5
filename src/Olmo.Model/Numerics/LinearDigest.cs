namespace Olmo.Model.Numerics;

/// <summary>
/// Linear digest of 64-bit integers: Σ x_i h(i) modulo 2^64. The digest of a sum is the sum of the digests of its parts, whatever their number, so an owner can
/// check what it added against what was sent.
/// </summary>
internal static class LinearDigest
{
    /// <summary>First multiplier of h.</summary>
    public const ulong IndexMultiplier = 0x9E3779B97F4A7C15;

    /// <summary>Second multiplier of h.</summary>
    public const ulong MixMultiplier = 0xD6E8FEB86659FD93;

    /// <summary>h(i), odd, so that no single changed element goes unseen.</summary>
    public static ulong Factor(ulong index)
    {
        ulong u = (index + 1) * IndexMultiplier;
        u = (u ^ (u >> 32)) * MixMultiplier;
        return (u ^ (u >> 32)) | 1;
    }
}
