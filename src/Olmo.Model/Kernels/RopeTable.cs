using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>
/// Sines and cosines of RoPE. The angle position * frequency is one fp32 product, as the reference forms it; sine and cosine of that angle are
/// evaluated in fp64 and rounded once.
/// </summary>
internal static unsafe class RopeTable
{
    /// <summary>frequency_i = theta^(-2i/e), i below e/2, rounded to fp32.</summary>
    public static void Frequencies(double theta, int headWidth, Span<float> frequencies)
    {
        for (int i = 0; i < headWidth / 2; i++)
        {
            frequencies[i] = (float)Elementary.Pow(theta, -2.0 * i / headWidth);
        }
    }

    /// <summary>
    /// YaRN: frequencies below the band are kept, above it divided by <paramref name="factor"/>, between them a linear ramp over the index
    /// (beta 32 and 1 turns of the original context).
    /// </summary>
    /// <param name="originalContext">Context length in tokens that the model was trained on.</param>
    /// <returns>The factor of sines and cosines: 0.1 ln(factor) + 1.</returns>
    public static float YarnFrequencies(
        double theta, int headWidth, double factor, double betaFast, double betaSlow, int originalContext, Span<float> frequencies)
    {
        double DimensionOf(double turns) =>
            headWidth * Elementary.Log(originalContext / (2.0 * Math.PI * turns)) / (2.0 * Elementary.Log(theta));

        double low = Math.Max(Math.Floor(DimensionOf(betaFast)), 0.0);
        double high = Math.Min(Math.Ceiling(DimensionOf(betaSlow)), headWidth - 1.0);
        double span = high == low ? 0.001 : high - low;
        for (int i = 0; i < headWidth / 2; i++)
        {
            double frequency = Elementary.Pow(theta, -2.0 * i / headWidth);
            double ramp = Math.Clamp((i - low) / span, 0.0, 1.0);
            frequencies[i] = (float)((frequency * (1.0 - ramp)) + (frequency / factor * ramp));
        }

        return (float)((0.1 * Elementary.Log(factor)) + 1.0);
    }

    /// <summary>Frequencies of a spectrum, and the factor of its sines and cosines.</summary>
    public static (float[] Frequencies, float Magnitude) Frequencies(RopeSpectrum spectrum)
    {
        float[] frequencies = new float[spectrum.HeadWidth / 2];
        if (spectrum.Yarn is not { } yarn)
        {
            Frequencies(spectrum.Theta, spectrum.HeadWidth, frequencies);
            return (frequencies, 1f);
        }

        float usual = YarnFrequencies(spectrum.Theta, spectrum.HeadWidth, yarn.Factor, yarn.BetaFast, yarn.BetaSlow, yarn.OriginalContext, frequencies);
        return (frequencies, yarn.AttentionFactor is { } factor ? (float)factor : usual);
    }

    /// <summary>Fills rows from..to of the tables; every row depends on its position alone.</summary>
    /// <param name="cos">[positions, e/2]</param>
    /// <param name="sin">[positions, e/2]</param>
    /// <param name="frequencies">[e/2]</param>
    /// <param name="magnitude">Factor of both, 1 without YaRN.</param>
    public static void Fill(float* cos, float* sin, ReadOnlySpan<float> frequencies, float magnitude, nint fromPosition, nint toPosition)
    {
        for (nint t = fromPosition; t < toPosition; t++)
        {
            for (int i = 0; i < frequencies.Length; i++)
            {
                float angle = t * frequencies[i];
                cos[(t * frequencies.Length) + i] = (float)Elementary.Cos(angle) * magnitude;
                sin[(t * frequencies.Length) + i] = (float)Elementary.Sin(angle) * magnitude;
            }
        }
    }
}
