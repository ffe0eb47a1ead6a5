namespace Olmo.Model.Numerics;

public static partial class Elementary
{
    /// <summary>Natural logarithm within 1 ulp. Zero gives -infinity; a negative argument or NaN gives NaN.</summary>
    public static double Log(double x)
    {
        (double high, double low) = LogExtended(x);
        return high + low;
    }

    /// <summary>Natural logarithm, evaluated in fp64 and rounded once.</summary>
    public static float Log(float x) => (float)Log((double)x);

    /// <summary>
    /// x^y for x at least 0, within 2 ulp for results of moderate size. 0^0 is 1; a negative x gives NaN.
    /// </summary>
    public static double Pow(double x, double y)
    {
        if (y == 0.0 || x == 1.0)
        {
            return 1.0;
        }

        if (x == 0.0)
        {
            return y > 0.0 ? 0.0 : double.IsNaN(y) ? y : double.PositiveInfinity;
        }

        (double high, double low) = LogExtended(x);
        double product = y * high;
        if (!double.IsFinite(product))
        {
            return Exp(product);
        }

        double error = Math.FusedMultiplyAdd(y, high, -product);
        return ScaledExp(product, Math.FusedMultiplyAdd(y, low, error));
    }

    /// <summary>
    /// ln x as a sum of two numbers, about 60 bits: x = m * 2^k, s = (m - 1) / (m + 1) with its remainder, ln m = 2 artanh s.
    /// </summary>
    private static (double High, double Low) LogExtended(double x)
    {
        if (double.IsNaN(x) || x < 0.0)
        {
            return (double.NaN, 0.0);
        }

        if (x == 0.0)
        {
            return (double.NegativeInfinity, 0.0);
        }

        if (double.IsPositiveInfinity(x))
        {
            return (x, 0.0);
        }

        long bits = BitConverter.DoubleToInt64Bits(x);
        int k = 0;
        if (bits < 0x0010_0000_0000_0000)
        {
            bits = BitConverter.DoubleToInt64Bits(x * 18014398509481984.0);
            k = -54;
        }

        // The mantissa is taken from [sqrt(1/2), sqrt(2)).
        const long SqrtHalf = 0x3FE6_A09E_667F_3BCD;
        k += (int)((bits - SqrtHalf) >> 52);
        double m = BitConverter.Int64BitsToDouble(((bits - SqrtHalf) & 0x000F_FFFF_FFFF_FFFF) + SqrtHalf);

        double f = m - 1.0;
        double denominator = m + 1.0;
        double denominatorLow = m - (denominator - 1.0);
        double s = f / denominator;
        double sLow = (Math.FusedMultiplyAdd(-s, denominator, f) - (s * denominatorLow)) / denominator;
        double z = s * s;

        // artanh s = s + s^3/3 + s^5/5 + ..., z at most 0.0295: the next term is below 2^-60.
        double p = 1.0 / 23.0;
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 21.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 19.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 17.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 15.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 13.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 11.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 9.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 7.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 5.0);
        p = Math.FusedMultiplyAdd(p, z, 1.0 / 3.0);
        double tail = 2.0 * Math.FusedMultiplyAdd(s * z, p, sLow);

        // k * ln2 + 2s + tail, with the rounding error of each sum kept. |k ln2| exceeds |2s| unless k is 0.
        double scaled = k * Ln2High64;
        double scaledLow = Math.FusedMultiplyAdd(k, Ln2High64, -scaled) + (k * Ln2Low64);
        double twice = 2.0 * s;
        double sum = scaled + twice;
        double sumLow = k == 0 ? 0.0 : twice - (sum - scaled);
        double low = sumLow + (tail + scaledLow);
        double high = sum + low;
        return (high, low - (high - sum));
    }
}
