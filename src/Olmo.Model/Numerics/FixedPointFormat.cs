namespace Olmo.Model.Numerics;

/// <summary>
/// Numbers of the exact sums: 64-bit integers of scale 2^-48. A value is valid if its magnitude is below 2^14 / G, so that G of them cannot overflow; anything
/// else, and NaN, counts as 0 and is reported.
/// </summary>
internal static class FixedPointFormat
{
    /// <summary>2^48: units per 1.0.</summary>
    public const double Scale = 281474976710656.0;

    /// <summary>2^-48</summary>
    public const double Unit = 1.0 / Scale;

    /// <summary>2^14 / groups, rounded to fp32.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="groups"/> is below 1.</exception>
    public static float Limit(int groups)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
        return (float)(16384.0 / groups);
    }
}
