namespace Olmo.Model.Optimization;

/// <summary>One period of <see cref="RepeatedDecaySchedule"/>.</summary>
/// <param name="Length">Positions of the period, warm-up of the first included.</param>
/// <param name="Decay">Positions of its linear decay.</param>
/// <param name="PeakMultiplier">Peak of the period over the peak of the group.</param>
public readonly record struct DecayPeriod(double Length, double Decay, double PeakMultiplier = 1.0);
