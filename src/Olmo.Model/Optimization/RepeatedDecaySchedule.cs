using System.Collections.Immutable;

namespace Olmo.Model.Optimization;

/// <summary>
/// WSDS: periods that each end in a linear decay, the rate jumping back to the peak after it. The warm-up is taken out of the first period. A
/// boundary belongs to the earlier period; from the last end on the rate stays at <paramref name="FinalRate"/>.
/// </summary>
/// <param name="Warmup">w</param>
/// <param name="Periods">The periods in order.</param>
/// <param name="FinalRate">Rate at the end of each period, absolute.</param>
/// <param name="WarmupStart">p_w</param>
public sealed record RepeatedDecaySchedule(double Warmup, ImmutableArray<DecayPeriod> Periods, double FinalRate = 0.0, double WarmupStart = 0.0)
    : LearningRateSchedule
{
    public double Warmup { get; } = NotNegative(Warmup, nameof(Warmup));

    public ImmutableArray<DecayPeriod> Periods { get; } = Checked(Periods, Warmup);

    /// <inheritdoc/>
    public override double RateAt(double peak, double position)
    {
        double start = 0.0;
        for (int i = 0; i < Periods.Length; i++)
        {
            DecayPeriod period = Periods[i];
            double end = start + period.Length;
            if (position <= end)
            {
                double top = peak * period.PeakMultiplier;
                return i == 0 && position < Warmup ? Warmed(top, position, Warmup, WarmupStart)
                    : position <= end - period.Decay && (position < end || i + 1 < Periods.Length) ? top
                    : Decayed(top, FinalRate, end - position, period.Decay);
            }

            start = end;
        }

        return FinalRate;
    }

    private static ImmutableArray<DecayPeriod> Checked(ImmutableArray<DecayPeriod> periods, double warmup)
    {
        if (periods.IsDefaultOrEmpty)
        {
            throw new ArgumentException("At least one period is needed.", nameof(periods));
        }

        for (int i = 0; i < periods.Length; i++)
        {
            double taken = periods[i].Decay + (i == 0 ? warmup : 0.0);
            if (!(periods[i].Length > 0.0) || !(periods[i].Decay >= 0.0) || taken > periods[i].Length)
            {
                throw new ArgumentException(
                    $"Period {i}: the length {periods[i].Length} must be above 0 and hold its decay of {periods[i].Decay}{(i == 0 ? $" and the warm-up of {warmup}" : "")}.",
                    nameof(periods));
            }
        }

        return periods;
    }
}
