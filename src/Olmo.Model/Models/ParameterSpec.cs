using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>A parameter of a model.</summary>
/// <param name="Name">Hugging Face name.</param>
/// <param name="Shape">[out, in], or [columns] of a norm.</param>
/// <param name="Layer">0 embedding, 1 .. L blocks, L + 1 head: the unit in which gradients become final.</param>
/// <param name="NoDecay">True if weight decay leaves it alone by default: the embedding only.</param>
/// <param name="InitialDeviation">Deviation of new values; 0: they are 1 (norms).</param>
/// <param name="Precision">Types of its numbers.</param>
public sealed record ParameterSpec(string Name, Shape Shape, int Layer, bool NoDecay, double InitialDeviation, Precision Precision);
