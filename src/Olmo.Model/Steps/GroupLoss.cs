namespace Olmo.Model.Steps;

/// <summary>Losses of one group: sums over its labels in token order, sequence after sequence, in fp64.</summary>
/// <param name="CrossEntropySum">Nats, weights included, not divided.</param>
/// <param name="ZLossSum">Multiplier and weights included, not divided.</param>
/// <param name="Labels">Positions with a label.</param>
/// <param name="Tokens">Positions.</param>
/// <param name="Sequences">Sequences.</param>
/// <param name="TokenHash">Sum of their <see cref="Data.Instances.SampleHash"/>, computed from what the loss was given.</param>
public readonly record struct GroupLoss(double CrossEntropySum, double ZLossSum, long Labels, long Tokens, long Sequences = 0, ulong TokenHash = 0);
