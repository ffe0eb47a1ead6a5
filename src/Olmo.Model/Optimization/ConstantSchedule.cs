namespace Olmo.Model.Optimization;

/// <summary>Warm-up to the peak (t at most w), then the peak.</summary>
/// <param name="Warmup">w; 0: none.</param>
/// <param name="WarmupStart">p_w</param>
public sealed record ConstantSchedule(double Warmup = 0.0, double WarmupStart = 0.0) : LearningRateSchedule
{
    public double Warmup { get; } = NotNegative(Warmup, nameof(Warmup));

    /// <inheritdoc/>
    public override double RateAt(double peak, double position) => position < Warmup ? Warmed(peak, position, Warmup, WarmupStart) : peak;
}
