namespace Olmo.Model.Optimization;

/// <summary>Clipping by the global L2 norm, in fp64 on purpose: an fp32 norm underflows near 1e-30 and overflows near 1e19.</summary>
public static class GradientClipping
{
    /// <summary>Added to the norm before dividing, as PyTorch does.</summary>
    public const double Epsilon = 1e-6;

    /// <summary>Factor of every gradient: min(1, limit / (norm + 1e-6)). A NaN norm gives NaN, an infinite one 0; the caller skips both.</summary>
    /// <param name="norm">Norm before clipping.</param>
    /// <param name="limit">Largest norm that passes unchanged; null: no clipping.</param>
    public static double Factor(double norm, double? limit)
    {
        if (limit is not { } most)
        {
            return 1.0;
        }

        double ratio = most / (norm + Epsilon);
        return ratio > 1.0 ? 1.0 : ratio;
    }
}
