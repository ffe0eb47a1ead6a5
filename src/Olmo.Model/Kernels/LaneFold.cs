#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>The fold 8-4-2-1 of 16 lanes, written out for scalar code: lane l takes lane l + 8, then l + 4, l + 2, l + 1.</summary>
internal static unsafe class LaneFold
{
    /// <summary>Number of lanes of every sum along a row, whatever the hardware's vector width.</summary>
    public const int Lanes = 16;

    public static float Sum(float* lanes)
    {
        for (int width = Lanes / 2; width > 0; width /= 2)
        {
            for (int l = 0; l < width; l++)
            {
                lanes[l] += lanes[l + width];
            }
        }

        return lanes[0];
    }

    public static double Sum(double* lanes)
    {
        for (int width = Lanes / 2; width > 0; width /= 2)
        {
            for (int l = 0; l < width; l++)
            {
                lanes[l] += lanes[l + width];
            }
        }

        return lanes[0];
    }

    /// <summary>Maximum as maxps takes it: a &gt; b ? a : b, so that a NaN on the right is kept.</summary>
    public static float Max(float* lanes)
    {
        for (int width = Lanes / 2; width > 0; width /= 2)
        {
            for (int l = 0; l < width; l++)
            {
                lanes[l] = lanes[l] > lanes[l + width] ? lanes[l] : lanes[l + width];
            }
        }

        return lanes[0];
    }

    /// <summary>Number of the last, possibly empty, row of lanes that starts before <paramref name="columns"/> ends, times 16.</summary>
    public static nint RoundUp(nint columns) => (columns + Lanes - 1) / Lanes * Lanes;
}
