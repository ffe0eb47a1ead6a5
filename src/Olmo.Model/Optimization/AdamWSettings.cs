namespace Olmo.Model.Optimization;

/// <summary>AdamW of one parameter group. Moments and update are fp32 on the master weights; scalars are formed in fp64 and rounded once.</summary>
/// <param name="PeakLearningRate">Rate that the schedule scales.</param>
/// <param name="Beta1">Decay of the first moment, in [0, 1).</param>
/// <param name="Beta2">Decay of the second moment, in [0, 1).</param>
/// <param name="Epsilon">Added to the bias-corrected root, above 0.</param>
/// <param name="WeightDecay">Decoupled decay per unit of learning rate, at least 0.</param>
public sealed record AdamWSettings(double PeakLearningRate, double Beta1 = 0.9, double Beta2 = 0.95, double Epsilon = 1e-8, double WeightDecay = 0.1)
{
    public double PeakLearningRate { get; init; } = InRange(PeakLearningRate, 0.0, double.MaxValue, nameof(PeakLearningRate));

    public double Beta1 { get; init; } = InRange(Beta1, 0.0, double.BitDecrement(1.0), nameof(Beta1));

    public double Beta2 { get; init; } = InRange(Beta2, 0.0, double.BitDecrement(1.0), nameof(Beta2));

    public double Epsilon { get; init; } = InRange(Epsilon, double.Epsilon, double.MaxValue, nameof(Epsilon));

    public double WeightDecay { get; init; } = InRange(WeightDecay, 0.0, double.MaxValue, nameof(WeightDecay));

    private static double InRange(double value, double least, double most, string name) =>
        value >= least && value <= most ? value : throw new ArgumentOutOfRangeException(name, value, $"Must be in [{least}, {most}].");
}
