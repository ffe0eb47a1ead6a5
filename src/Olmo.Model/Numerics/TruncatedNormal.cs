namespace Olmo.Model.Numerics;

/// <summary>
/// Normal distribution of mean 0 cut at three standard deviations, by the inverse-CDF method that OLMo initialises with:
/// u uniform in (2 Phi(-3) - 1, 2 Phi(3) - 1), x = sigma * sqrt(2) * erfinv(u), then a clamp. The effective deviation is 0.9866 sigma.
/// </summary>
public static class TruncatedNormal
{
    /// <summary>2 Phi(3) - 1 = erf(3 / sqrt 2).</summary>
    private const double CentralMass = 0.9973002039367398;

    private const double SqrtTwo = 1.4142135623730951;

    /// <summary>Element <paramref name="index"/> of the stream, computed in fp64 and rounded once.</summary>
    public static float Draw(RandomStream stream, double sigma, ulong index)
    {
        double u = CentralMass * ((2.0 * stream.Uniform(index)) - 1.0);
        double x = sigma * (SqrtTwo * Elementary.InverseErf(u));
        double limit = 3.0 * sigma;
        return (float)Math.Min(Math.Max(x, -limit), limit);
    }

    /// <summary>Fills a range of a tensor: element i of <paramref name="destination"/> is draw <paramref name="firstIndex"/> + i.</summary>
    public static void Fill(RandomStream stream, double sigma, ulong firstIndex, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = Draw(stream, sigma, firstIndex + (ulong)i);
        }
    }
}
