using Olmo.Model.Numerics;

namespace Olmo.Model.Steps;

/// <summary>
/// What groups add to the scalars of a step. Losses are shares of the global mean (sum over the group's labels, divided by the labels of the global
/// batch) as fixed-point integers of scale 2^-48, so that no floating-point sum depends on the world.
/// </summary>
/// <param name="CrossEntropy">Fixed point, nats per label of the global batch.</param>
/// <param name="ZLoss">Fixed point, multiplier included.</param>
/// <param name="Labels">Labels that count.</param>
/// <param name="Tokens">Tokens that went through the model.</param>
/// <param name="Sequences">Sequences that the loss was given.</param>
/// <param name="TokenHash">Sum mod 2^64 of the hashes of those sequences, ids and labels (<see cref="Data.Instances.SampleHash"/>), from the buffers that the loss was given.</param>
public readonly record struct LossParts(long CrossEntropy, long ZLoss, long Labels, long Tokens, long Sequences = 0, long TokenHash = 0)
{
    /// <summary>Number of integers, in the order of the members.</summary>
    public const int Count = 6;

    /// <summary>Mean cross-entropy of what was added, nats per label.</summary>
    public double MeanCrossEntropy => CrossEntropy * FixedPointFormat.Unit;

    /// <summary>Mean z-loss of what was added.</summary>
    public double MeanZLoss => ZLoss * FixedPointFormat.Unit;

    /// <summary>Sums member by member.</summary>
    public static LossParts operator +(LossParts a, LossParts b) =>
        new(a.CrossEntropy + b.CrossEntropy, a.ZLoss + b.ZLoss, a.Labels + b.Labels, a.Tokens + b.Tokens, a.Sequences + b.Sequences, unchecked(a.TokenHash + b.TokenHash));

    /// <summary>Same as the operator.</summary>
    public static LossParts Add(LossParts left, LossParts right) => left + right;

    /// <summary>Rounds one group's losses to fixed point.</summary>
    /// <param name="loss">The group's losses: sums over its labels in token order.</param>
    /// <param name="globalLabels">Labels of the global batch; with 0 the losses are 0.</param>
    /// <param name="groups">G, which sets the limit of a valid value.</param>
    /// <param name="valid">False if a loss was not finite or too large; it then counts as 0.</param>
    public static LossParts OfGroup(
        in GroupLoss loss, long globalLabels, int groups, out bool valid)
    {
        valid = true;
        double divisor = Math.Max(globalLabels, 1);
        return new LossParts(
            Round(loss.CrossEntropySum / divisor, groups, ref valid), Round(loss.ZLossSum / divisor, groups, ref valid), loss.Labels, loss.Tokens, loss.Sequences, (long)loss.TokenHash);
    }

    private static long Round(double value, int groups, ref bool valid)
    {
        if (!(Math.Abs(value) < FixedPointFormat.Limit(groups)))
        {
            valid = false;
            return 0;
        }

        return (long)Math.Round(value * FixedPointFormat.Scale, MidpointRounding.ToEven);
    }
}
