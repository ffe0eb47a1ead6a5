using Olmo.Model.Layers;

namespace Olmo.Model.Models;

/// <summary>A micro-batch on the device.</summary>
/// <param name="Activations">Where its tokens are, and where a pass over it writes.</param>
/// <param name="Passage">What its rows are.</param>
/// <param name="HasWeights">Its losses are weighted.</param>
internal readonly record struct LoadedBatch(ActivationSet Activations, Passage Passage, bool HasWeights);
