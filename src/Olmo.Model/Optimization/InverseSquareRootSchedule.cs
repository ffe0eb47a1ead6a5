namespace Olmo.Model.Optimization;

/// <summary>Warm-up, then a p + (1 - a) p sqrt(w/t); it has no end. Without warm-up the decay starts from position 1.</summary>
/// <param name="Warmup">w</param>
/// <param name="FinalFraction">a, approached and never reached.</param>
/// <param name="WarmupStart">p_w</param>
public sealed record InverseSquareRootSchedule(double Warmup, double FinalFraction = 0.1, double WarmupStart = 0.0) : LearningRateSchedule
{
    public double Warmup { get; } = NotNegative(Warmup, nameof(Warmup));

    /// <inheritdoc/>
    public override double RateAt(double peak, double position)
    {
        if (position < Warmup)
        {
            return Warmed(peak, position, Warmup, WarmupStart);
        }

        double final = peak * FinalFraction;
        return position <= 0.0 ? peak : final + ((peak - final) * Math.Sqrt(Warmup / position));
    }
}
