namespace Olmo.Model.Optimization;

/// <summary>Warm-up, then p - (p - a p)(t - w)/(D - w), and a p from D on; a = 0 is the linear decay to zero of mid-training.</summary>
/// <param name="Warmup">w</param>
/// <param name="End">D</param>
/// <param name="FinalFraction">a</param>
/// <param name="WarmupStart">p_w</param>
public sealed record LinearSchedule(double Warmup, double End, double FinalFraction = 0.1, double WarmupStart = 0.0) : LearningRateSchedule
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
        return position >= End ? final : peak - ((peak - final) * ((position - Warmup) / (End - Warmup)));
    }
}
