namespace Olmo.Model.Tensors;

/// <summary>YaRN: low frequencies are divided by a factor, high ones kept, with a ramp between them.</summary>
/// <param name="Factor">s, new over original context.</param>
/// <param name="OriginalContext">Tokens of the context that the model was trained with.</param>
/// <param name="BetaFast">Turns in the original context above which a frequency is kept.</param>
/// <param name="BetaSlow">Turns below which it is divided.</param>
/// <param name="AttentionFactor">Factor of sines and cosines; null: 0.1 ln s + 1.</param>
public sealed record YarnScaling(double Factor, int OriginalContext, double BetaFast = 32.0, double BetaSlow = 1.0, double? AttentionFactor = null);
