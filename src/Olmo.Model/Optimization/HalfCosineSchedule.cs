using Olmo.Model.Numerics;

namespace Olmo.Model.Optimization;

/// <summary>
/// The second half of a cosine: a p + (1 - a) p (1 + cos(pi/2 (1 + (t - w)/(D - w))))/2, and a p from D on. The warm-up leads to the middle of
/// the cosine, (1 + a) p / 2, not to the peak.
/// </summary>
/// <param name="Warmup">w</param>
/// <param name="End">D</param>
/// <param name="FinalFraction">a</param>
/// <param name="WarmupStart">p_w</param>
public sealed record HalfCosineSchedule(double Warmup, double End, double FinalFraction = 0.1, double WarmupStart = 0.0) : LearningRateSchedule
{
    public double Warmup { get; } = NotNegative(Warmup, nameof(Warmup));

    public double End { get; } = NotNegative(End, nameof(End));

    /// <inheritdoc/>
    public override double RateAt(double peak, double position)
    {
        double final = peak * FinalFraction;
        if (position < Warmup)
        {
            return Warmed(final + ((peak - final) / 2.0), position, Warmup, WarmupStart);
        }

        return position >= End
            ? final
            : final + ((peak - final) * (1.0 + Elementary.Cos(Math.PI / 2.0 * (1.0 + ((position - Warmup) / (End - Warmup))))) / 2.0);
    }
}
