namespace Olmo.Model.Optimization;

/// <summary>WSD: warm-up, the peak until D - d, then linear to <paramref name="FinalRate"/> at D, where it stays (references go on below zero).</summary>
/// <param name="Warmup">w</param>
/// <param name="End">D</param>
/// <param name="Decay">d; 0: the rate falls at once after D.</param>
/// <param name="FinalRate">Rate at the end, absolute.</param>
/// <param name="WarmupStart">p_w</param>
public sealed record WarmupStableDecaySchedule(double Warmup, double End, double Decay, double FinalRate = 0.0, double WarmupStart = 0.0)
    : LearningRateSchedule
{
    public double Warmup { get; } = NotNegative(Warmup, nameof(Warmup));

    public double End { get; } = NotNegative(End, nameof(End));

    public double Decay { get; } = NotNegative(Decay, nameof(Decay));

    /// <inheritdoc/>
    public override double RateAt(double peak, double position)
    {
        if (position <= Warmup && Warmup > 0.0)
        {
            return Warmed(peak, position, Warmup, WarmupStart);
        }

        return position <= End - Decay ? peak : Decayed(peak, FinalRate, End - position, Decay);
    }
}
