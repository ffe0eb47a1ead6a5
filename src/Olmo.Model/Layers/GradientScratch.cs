using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>Memory that the backward pass of every block uses.</summary>
/// <param name="Stream">Gradient of the residual stream, [rows, d].</param>
/// <param name="Branch">Gradient inside a branch, [rows, d].</param>
/// <param name="Hidden">[rows, f]</param>
/// <param name="Mixed">Gradient of attention's output, [rows, H e].</param>
/// <param name="Query">[rows, H e]</param>
/// <param name="Key">[rows, K e]</param>
/// <param name="Value">[rows, K e]</param>
internal sealed record GradientScratch(Tensor Stream, Tensor Branch, Tensor Hidden, Tensor Mixed, Tensor Query, Tensor Key, Tensor Value);
