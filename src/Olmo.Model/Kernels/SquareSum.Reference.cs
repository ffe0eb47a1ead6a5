namespace Olmo.Model.Kernels;

internal static unsafe partial class SquareSum
{
    public static double OfReference(float* x, nint count)
    {
        double* lanes = stackalloc double[LaneFold.Lanes];
        new Span<double>(lanes, LaneFold.Lanes).Clear();
        for (nint i = 0; i < count; i++)
        {
            lanes[i % LaneFold.Lanes] += (double)x[i] * x[i];
        }

        return LaneFold.Sum(lanes);
    }
}
