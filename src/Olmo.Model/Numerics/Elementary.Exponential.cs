namespace Olmo.Model.Numerics;

/// <summary>
/// Elementary functions whose bits are part of the numerics id: only IEEE additions, multiplications, divisions, square roots and fused
/// multiply-adds in a written order, so that every machine and vector width gives the same result. The coefficients are Chebyshev fits made
/// for this project in 60-digit arithmetic.
/// </summary>
public static partial class Elementary
{
    internal const float Log2E32 = 1.4426950216293335f;
    internal const float Ln2High32 = 0.6931471824645996f;
    internal const float Ln2Low32 = -1.9046542121259336e-09f;

    /// <summary>Adding this moves the nearest integer of a float of magnitude below 2^22 into the low bits of its pattern.</summary>
    internal const float RoundingShift32 = 12582912f;

    internal const float ExpUpper32 = 89f;
    internal const float ExpLower32 = -104f;

    internal const float ExpC2 = 0.5f;
    internal const float ExpC3 = 0.16666576266288757f;
    internal const float ExpC4 = 0.04166655242443085f;
    internal const float ExpC5 = 0.00836323294788599f;
    internal const float ExpC6 = 0.0013926250394433737f;

    private const double Log2E64 = 1.4426950408889634;
    private const double Ln2High64 = 0.6931471805599453;
    private const double Ln2Low64 = 2.3190468138462996e-17;
    private const double RoundingShift64 = 6755399441055744.0;

    /// <summary>
    /// e^x within 1 ulp, subnormal results included; NaN gives NaN. Above 88.7228 the result is +infinity, below -103.98 it is 0.
    /// The vector kernels give the same bits.
    /// </summary>
    public static float Exp(float x)
    {
        // The constant stands first so that a NaN in x passes both comparisons, as minps and maxps do.
        float clamped = ExpUpper32 < x ? ExpUpper32 : x;
        clamped = ExpLower32 > clamped ? ExpLower32 : clamped;
        float shifted = MathF.FusedMultiplyAdd(clamped, Log2E32, RoundingShift32);
        float n = shifted - RoundingShift32;
        float r = MathF.FusedMultiplyAdd(n, -Ln2High32, clamped);
        r = MathF.FusedMultiplyAdd(n, -Ln2Low32, r);
        float p = MathF.FusedMultiplyAdd(ExpC6, r, ExpC5);
        p = MathF.FusedMultiplyAdd(p, r, ExpC4);
        p = MathF.FusedMultiplyAdd(p, r, ExpC3);
        p = MathF.FusedMultiplyAdd(p, r, ExpC2);
        p = MathF.FusedMultiplyAdd(p, r, 1f);
        p = MathF.FusedMultiplyAdd(p, r, 1f);

        // Two powers of two: the first product is exact, so the second rounds once, also into the subnormals.
        int exponent = BitConverter.SingleToInt32Bits(shifted) - BitConverter.SingleToInt32Bits(RoundingShift32);
        int half = exponent >> 1;
        return p * BitConverter.Int32BitsToSingle((half + 127) << 23) * BitConverter.Int32BitsToSingle((exponent - half + 127) << 23);
    }

    /// <summary>1 / (1 + e^-x).</summary>
    public static float Sigmoid(float x) => 1f / (1f + Exp(-x));

    /// <summary>x / (1 + e^-x), formed as x * sigmoid(x).</summary>
    public static float Silu(float x) => x * Sigmoid(x);

    /// <summary>e^x within 1 ulp, subnormal results included; NaN gives NaN. Above 709.79 the result is +infinity, below -745.14 it is 0.</summary>
    public static double Exp(double x) => ScaledExp(x, 0.0);

    /// <summary>e^(high + low) for |low| far below |high|.</summary>
    private static double ScaledExp(double high, double low)
    {
        if (double.IsNaN(high))
        {
            return high;
        }

        if (high > 710.0)
        {
            return double.PositiveInfinity;
        }

        if (high < -746.0)
        {
            return 0.0;
        }

        double shifted = Math.FusedMultiplyAdd(high, Log2E64, RoundingShift64);
        double n = shifted - RoundingShift64;
        double r = Math.FusedMultiplyAdd(n, -Ln2High64, high);
        r = Math.FusedMultiplyAdd(n, -Ln2Low64, r) + low;
        double p = 1.0 + ExpMinusOneNearZero(r);
        int exponent = (int)n;
        int half = exponent >> 1;
        return p * PowerOfTwo(half) * PowerOfTwo(exponent - half);
    }

    /// <summary>e^r - 1 for |r| at most ln(2)/2.</summary>
    private static double ExpMinusOneNearZero(double r)
    {
        double p = 1.6086677666787362e-10;
        p = Math.FusedMultiplyAdd(p, r, 2.091821231913398e-09);
        p = Math.FusedMultiplyAdd(p, r, 2.5052070959803662e-08);
        p = Math.FusedMultiplyAdd(p, r, 2.755726307730941e-07);
        p = Math.FusedMultiplyAdd(p, r, 2.7557319247344507e-06);
        p = Math.FusedMultiplyAdd(p, r, 2.480158733663095e-05);
        p = Math.FusedMultiplyAdd(p, r, 0.00019841269841263252);
        p = Math.FusedMultiplyAdd(p, r, 0.0013888888888879004);
        p = Math.FusedMultiplyAdd(p, r, 0.008333333333333333);
        p = Math.FusedMultiplyAdd(p, r, 0.04166666666666668);
        p = Math.FusedMultiplyAdd(p, r, 0.16666666666666666);
        p = Math.FusedMultiplyAdd(p, r, 0.5);
        return Math.FusedMultiplyAdd(p * r, r, r);
    }

    private static double PowerOfTwo(int exponent) => BitConverter.Int64BitsToDouble((exponent + 1023L) << 52);

    /// <summary>Hyperbolic tangent within 3 ulp.</summary>
    public static double Tanh(double x)
    {
        double magnitude = Math.Abs(x);
        double result;
        if (magnitude < 0.17)
        {
            double em1 = ExpMinusOneNearZero(-2.0 * magnitude);
            result = -em1 / (2.0 + em1);
        }
        else
        {
            double e = Exp(-2.0 * magnitude);
            result = (1.0 - e) / (1.0 + e);
        }

        return x < 0.0 ? -result : x == 0.0 ? x : result;
    }

    /// <summary>Hyperbolic tangent, evaluated in fp64 and rounded once.</summary>
    public static float Tanh(float x) => (float)Tanh((double)x);
}
