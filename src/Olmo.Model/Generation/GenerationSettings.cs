using System.Collections.Immutable;

namespace Olmo.Model.Generation;

/// <summary>What is generated.</summary>
public sealed record GenerationSettings
{
    /// <summary>New tokens at most.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>Tokens that end a sequence; empty: none does.</summary>
    public ImmutableArray<int> StopTokens { get; init; } = [];

    /// <summary>How tokens are chosen.</summary>
    public SamplingSettings Sampling { get; init; } = SamplingSettings.Greedy;
}
