using Olmo.Model.Numerics;

namespace Olmo.Model.Optimization;

/// <summary>
/// Warm-up, then a p + (1 - a) p (1 + cos(pi (t - w)/(D - w)))/2, and a p from D on. A run that stops before D has the truncated cosine of
/// OLMo 2, whose cosine is laid out for a longer budget than the run uses.
/// </summary>
/// <param name="Warmup">w</param>
/// <param name="End">D</param>
/// <param name="FinalFraction">a</param>
/// <param name="WarmupStart">p_w</param>
public sealed record CosineSchedule(double Warmup, double End, double FinalFraction = 0.1, double WarmupStart = 0.0) : LearningRateSchedule
{
    public double Warmup { get; } = NotNegative(Warmup, nameof(Warmup));

    public double End { get; } = NotNegative(End, nameof(End));

    /// <inheritdoc/>
    public override double RateAt(double peak, double position)
    {
        if (position < Warmup)
        {
            return Warmed(peak, position, Warmup, WarmupStart);
        }

        double final = peak * FinalFraction;
        return position >= End
            ? final
            : final + ((peak - final) * (1.0 + Elementary.Cos(Math.PI * (position - Warmup) / (End - Warmup))) / 2.0);
    }
}
