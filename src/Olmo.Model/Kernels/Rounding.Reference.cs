using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class Rounding
{
    public static void ToBFloat16Reference(float* x, float* y, ushort* stored, nint from, nint to)
    {
        for (nint i = from; i < to; i++)
        {
            ushort pattern = BFloat16.Round(x[i]);
            if (y != null)
            {
                y[i] = BFloat16.Widen(pattern);
            }

            if (stored != null)
            {
                stored[i] = pattern;
            }
        }
    }

    public static void WidenReference(ushort* stored, float* y, nint from, nint to)
    {
        for (nint i = from; i < to; i++)
        {
            y[i] = BFloat16.Widen(stored[i]);
        }
    }
}
