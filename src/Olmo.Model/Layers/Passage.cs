using Olmo.Model.Generation;
using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>What the rows of a pass are.</summary>
/// <param name="Sequences">Whole sequences; unused with a cache.</param>
/// <param name="Length">Rows of each.</param>
/// <param name="Positions">I32 [rows], for RoPE.</param>
/// <param name="DocumentStarts">I32 [rows], or none.</param>
/// <param name="Cache">Keys and values of earlier tokens, in generation; null: whole sequences.</param>
internal readonly record struct Passage(int Sequences, int Length, Tensor Positions, Tensor DocumentStarts, KeyValueCache? Cache);
