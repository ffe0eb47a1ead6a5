using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>Memory that the backward pass of every block uses.</summary>
/// <param name="Stream">Gradient of the residual stream, F32 [rows, d]: branch after branch is added to it.</param>
/// <param name="Rounded">OLMo 1 on a device that works in bf16: the stream's gradient as products take it, [rows, d]; else none.</param>
/// <param name="Branch">Gradient inside a branch, [rows, d]: of its input before the norm's share, F32 (OLMo 1), or of its output.</param>
/// <param name="Hidden">[rows, f]</param>
/// <param name="Mixed">Gradient of attention's output, [rows, H e]; then of projected queries or keys.</param>
/// <param name="Query">[rows, H e]</param>
/// <param name="Key">[rows, K e]</param>
/// <param name="Value">[rows, K e]</param>
internal sealed record GradientScratch(Tensor Stream, Tensor Rounded, Tensor Branch, Tensor Hidden, Tensor Mixed, Tensor Query, Tensor Key, Tensor Value);
