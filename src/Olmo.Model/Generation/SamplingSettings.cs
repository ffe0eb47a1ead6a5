namespace Olmo.Model.Generation;

/// <summary>How the next token is chosen from logits. Applied in this order: repetition penalty, temperature, top-k, top-p.</summary>
public sealed record SamplingSettings
{
    /// <summary>Always the largest logit.</summary>
    public static SamplingSettings Greedy { get; } = new() { Temperature = 0.0 };

    /// <summary>Logits are divided by it; 0: greedy, the rest is then without effect except the penalty.</summary>
    public double Temperature { get; init; } = 1.0;

    /// <summary>Keeps the k largest logits and ties of the k-th; 0: all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the fewest most probable tokens that have this share of the probability; 1: all.</summary>
    public double TopP { get; init; } = 1.0;

    /// <summary>Positive logits of tokens that occurred are divided by it, negative ones multiplied; 1: no penalty.</summary>
    public double RepetitionPenalty { get; init; } = 1.0;

    /// <summary>Seed of the random numbers.</summary>
    public ulong Seed { get; init; }

    /// <summary>Checks every number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        Require(Temperature >= 0.0 && double.IsFinite(Temperature), nameof(Temperature), Temperature, "at least 0");
        Require(TopK >= 0, nameof(TopK), TopK, "at least 0");
        Require(TopP is > 0.0 and <= 1.0, nameof(TopP), TopP, "in (0, 1]");
        Require(RepetitionPenalty > 0.0 && double.IsFinite(RepetitionPenalty), nameof(RepetitionPenalty), RepetitionPenalty, "above 0");
    }

    private static void Require(bool condition, string name, object value, string expected)
    {
        if (!condition)
        {
            throw new ArgumentOutOfRangeException(name, value, $"Must be {expected}.");
        }
    }
}
