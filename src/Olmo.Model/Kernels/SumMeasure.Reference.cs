using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class SumMeasure
{
    public static (ulong Digest, double Squares) OfReference(long* sums, long* other, float* gradient, ulong index, nint count)
    {
        double* lanes = stackalloc double[LaneFold.Lanes];
        new Span<double>(lanes, LaneFold.Lanes).Clear();
        ulong digest = AddRest(sums, other, gradient, index, 0, count, lanes);
        return (digest, LaneFold.Sum(lanes));
    }

    // Elements from..count one by one; those before are in the lanes already.
    private static ulong AddRest(long* sums, long* other, float* gradient, ulong index, nint from, nint count, double* lanes)
    {
        ulong digest = 0;
        for (nint i = from; i < count; i++)
        {
            long total = other == null ? sums[i] : sums[i] + other[i];
            float value = (float)(total * FixedPointFormat.Unit);
            digest += (ulong)total * LinearDigest.Factor(index + (ulong)i);
            lanes[i % LaneFold.Lanes] += (double)value * value;
            if (gradient != null)
            {
                gradient[i] = value;
            }
        }

        return digest;
    }
}
