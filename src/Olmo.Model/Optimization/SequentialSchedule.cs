using System.Collections.Immutable;

namespace Olmo.Model.Optimization;

/// <summary>
/// Schedules one after the other. A later one sees the position reduced by the ends of those before, and as its peak the last rate of the
/// one before. A boundary belongs to the earlier one.
/// </summary>
/// <param name="Parts">Schedule and its length; the last length does not matter.</param>
public sealed record SequentialSchedule(ImmutableArray<(LearningRateSchedule Schedule, double Length)> Parts) : LearningRateSchedule
{
    public ImmutableArray<(LearningRateSchedule Schedule, double Length)> Parts { get; } =
        Parts.IsDefaultOrEmpty ? throw new ArgumentException("At least one schedule is needed.", nameof(Parts)) : Parts;

    /// <inheritdoc/>
    public override double RateAt(double peak, double position)
    {
        double top = peak;
        double start = 0.0;
        for (int i = 0; i < Parts.Length - 1; i++)
        {
            (LearningRateSchedule schedule, double length) = Parts[i];
            if (position <= start + length)
            {
                return schedule.RateAt(top, position - start);
            }

            top = schedule.RateAt(top, length);
            start += length;
        }

        return Parts[^1].Schedule.RateAt(top, position - start);
    }
}
