using System.Collections.Immutable;

namespace Olmo.Model.Optimization;

/// <summary>Settings that parameters of certain names have instead of the common ones; null keeps the common value.</summary>
/// <param name="Patterns">Name patterns: <c>*</c> any characters, dots too; <c>?</c> one character; <c>[abc]</c>, <c>[!abc]</c> sets.</param>
/// <param name="PeakLearningRate">Peak rate of these parameters.</param>
/// <param name="WeightDecay">Their decay.</param>
/// <param name="Beta1">Decay of their first moment.</param>
/// <param name="Beta2">Decay of their second moment.</param>
public sealed record ParameterGroupOverride(
    ImmutableArray<string> Patterns, double? PeakLearningRate = null, double? WeightDecay = null, double? Beta1 = null, double? Beta2 = null)
{
    /// <summary>OLMo's rule: no weight decay on the embedding; every other tensor, norm weights included, decays.</summary>
    public static ParameterGroupOverride NoEmbeddingDecay { get; } = new(["*embed_tokens.weight"], WeightDecay: 0.0);

    internal AdamWSettings On(AdamWSettings common) => common with
    {
        PeakLearningRate = PeakLearningRate ?? common.PeakLearningRate,
        WeightDecay = WeightDecay ?? common.WeightDecay,
        Beta1 = Beta1 ?? common.Beta1,
        Beta2 = Beta2 ?? common.Beta2,
    };
}
