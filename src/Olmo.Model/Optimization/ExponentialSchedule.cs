using Olmo.Model.Numerics;

namespace Olmo.Model.Optimization;

/// <summary>The rising rate of a learning-rate range test: m (p/m)^min(1, t/D).</summary>
/// <param name="End">D</param>
/// <param name="Lowest">m, the rate at position 0.</param>
public sealed record ExponentialSchedule(double End, double Lowest = 1e-9) : LearningRateSchedule
{
    public double End { get; } = Positive(End, nameof(End));

    public double Lowest { get; } = Positive(Lowest, nameof(Lowest));

    /// <inheritdoc/>
    public override double RateAt(double peak, double position) => Lowest * Elementary.Pow(peak / Lowest, Math.Min(1.0, position / End));
}
