using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class FixedPoint
{
    public static bool RoundReference(float* x, long* y, float limit, nint from, nint to)
    {
        bool valid = true;
        for (nint i = from; i < to; i++)
        {
            y[i] = RoundOne(x[i], limit, ref valid);
        }

        return valid;
    }

    public static bool AccumulateReference(float* x, long* sum, float limit, nint from, nint to)
    {
        bool valid = true;
        for (nint i = from; i < to; i++)
        {
            sum[i] += RoundOne(x[i], limit, ref valid);
        }

        return valid;
    }

    public static void AddReference(long* x, long* sum, nint from, nint to)
    {
        for (nint i = from; i < to; i++)
        {
            sum[i] += x[i];
        }
    }

    public static void ToFloatReference(long* sum, float* y, nint from, nint to)
    {
        for (nint i = from; i < to; i++)
        {
            y[i] = (float)(sum[i] * FixedPointFormat.Unit);
        }
    }

    private static long RoundOne(float x, float limit, ref bool valid)
    {
        if (!(MathF.Abs(x) < limit))
        {
            valid = false;
            return 0;
        }

        return (long)Math.Round(x * FixedPointFormat.Scale, MidpointRounding.ToEven);
    }
}
