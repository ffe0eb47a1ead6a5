using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>What a norm keeps for its backward pass, one value a row; none where there is no backward pass.</summary>
/// <param name="Mean">LayerNorm only.</param>
/// <param name="Rstd">Reciprocal of the deviation or root mean square.</param>
internal readonly record struct NormStatistics(Tensor Mean, Tensor Rstd);
