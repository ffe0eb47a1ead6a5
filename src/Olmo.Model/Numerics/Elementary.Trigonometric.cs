namespace Olmo.Model.Numerics;

public static partial class Elementary
{
    private const double TwoOverPi = 0.6366197723675814;
    private const double HalfPiHigh = 1.5707963267948966;
    private const double HalfPiMiddle = 6.123233995736766e-17;
    private const double HalfPiLow = -1.4973849048591698e-33;

    /// <summary>Largest magnitude that <see cref="Sin"/> and <see cref="Cos"/> accept: positions times frequencies stay far below.</summary>
    public const double LargestAngle = 2147483648.0;

    /// <summary>Sine of an angle in radians, within 2 ulp.</summary>
    /// <exception cref="ArgumentOutOfRangeException">|x| exceeds <see cref="LargestAngle"/> or x is not finite.</exception>
    public static double Sin(double x)
    {
        (double r, double low, int quadrant) = ReduceByHalfPi(x);
        return (quadrant & 3) switch
        {
            0 => SinNearZero(r, low),
            1 => CosNearZero(r, low),
            2 => -SinNearZero(r, low),
            _ => -CosNearZero(r, low),
        };
    }

    /// <summary>Cosine of an angle in radians, within 2 ulp.</summary>
    /// <exception cref="ArgumentOutOfRangeException">|x| exceeds <see cref="LargestAngle"/> or x is not finite.</exception>
    public static double Cos(double x)
    {
        (double r, double low, int quadrant) = ReduceByHalfPi(x);
        return (quadrant & 3) switch
        {
            0 => CosNearZero(r, low),
            1 => -SinNearZero(r, low),
            2 => -CosNearZero(r, low),
            _ => SinNearZero(r, low),
        };
    }

    /// <summary>
    /// x - k * pi/2 as a sum of two numbers. The first fused step is exact: the product and x are multiples of 2^-53 and their difference is
    /// below 1; the later parts of pi/2 bring the error to about 2^-100 of k.
    /// </summary>
    private static (double R, double Low, int Quadrant) ReduceByHalfPi(double x)
    {
        if (!(Math.Abs(x) <= LargestAngle))
        {
            throw new ArgumentOutOfRangeException(nameof(x), x, $"The magnitude of an angle must be at most {LargestAngle}.");
        }

        double k = Math.FusedMultiplyAdd(x, TwoOverPi, RoundingShift64) - RoundingShift64;
        double first = Math.FusedMultiplyAdd(-k, HalfPiHigh, x);
        double product = k * HalfPiMiddle;
        double productLow = Math.FusedMultiplyAdd(k, HalfPiMiddle, -product);
        double r = first - product;

        // The error of first - product (two-sum), whichever is larger.
        double virtualProduct = first - r;
        double low = first - (r + virtualProduct) + (virtualProduct - product);
        low -= productLow;
        low = Math.FusedMultiplyAdd(-k, HalfPiLow, low);
        return (r, low, (int)(long)k & 3);
    }

    private static double SinNearZero(double r, double low)
    {
        double z = r * r;
        double p = 1.0 / 355687428096000.0;
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 1307674368000.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 6227020800.0);
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 39916800.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 362880.0);
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 5040.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 120.0);
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 6.0);

        // sin(r + low) = sin r + low * cos r, cos r = 1 - z/2.
        double correction = Math.FusedMultiplyAdd(-0.5 * z, low, low);
        return r + Math.FusedMultiplyAdd(p * z, r, correction);
    }

    private static double CosNearZero(double r, double low)
    {
        double z = r * r;
        double p = 1.0 / 20922789888000.0;
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 87178291200.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 479001600.0);
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 3628800.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 40320.0);
        p = Math.FusedMultiplyAdd(p, z, -1.0 / 720.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 24.0);

        // 1 - z/2 keeps its rounding error; z itself carries one too, smaller by the factor z.
        double half = 0.5 * z;
        double head = 1.0 - half;
        double headLow = 1.0 - head - half;
        return head + (headLow + Math.FusedMultiplyAdd(p * z, z, -r * low));
    }
}
