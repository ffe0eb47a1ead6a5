using Olmo.Model.Numerics;

namespace Olmo.Model.Optimization;

/// <summary>
/// Warm-up (t at most w), then p (t/w)^b until D - d, then linear from p ((D - d)/w)^b to <paramref name="FinalRate"/> at D, where it stays
/// (the reference goes on below zero).
/// </summary>
/// <param name="Warmup">w, above 0: the power law is relative to it.</param>
/// <param name="End">D</param>
/// <param name="Decay">d</param>
/// <param name="Exponent">b, negative.</param>
/// <param name="FinalRate">Rate at the end, absolute.</param>
/// <param name="WarmupStart">p_w</param>
public sealed record PowerSchedule(
    double Warmup, double End, double Decay, double Exponent = -0.51, double FinalRate = 0.0, double WarmupStart = 0.0) : LearningRateSchedule
{
    public double Warmup { get; } = Positive(Warmup, nameof(Warmup));

    public double Decay { get; } = NotNegative(Decay, nameof(Decay));

    public double Exponent { get; } =
        Exponent < 0.0 ? Exponent : throw new ArgumentOutOfRangeException(nameof(Exponent), Exponent, "The exponent of a power law must be below 0.");

    /// <inheritdoc/>
    public override double RateAt(double peak, double position)
    {
        if (position <= Warmup)
        {
            return Warmed(peak, position, Warmup, WarmupStart);
        }

        double start = End - Decay;
        return position <= start
            ? peak * Elementary.Pow(position / Warmup, Exponent)
            : Decayed(peak * Elementary.Pow(start / Warmup, Exponent), FinalRate, End - position, Decay);
    }
}
