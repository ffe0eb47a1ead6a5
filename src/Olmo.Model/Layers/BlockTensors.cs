using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>The parameters of a block, or their gradients; none where the family has none.</summary>
internal readonly struct BlockTensors(BlockParameters indices, IParameterTensors source)
{
    public readonly Tensor Query = source[indices.Query];
    public readonly Tensor Key = source[indices.Key];
    public readonly Tensor Value = source[indices.Value];
    public readonly Tensor Output = source[indices.Output];
    public readonly Tensor QueryNorm = indices.QueryNorm < 0 ? default : source[indices.QueryNorm];
    public readonly Tensor KeyNorm = indices.KeyNorm < 0 ? default : source[indices.KeyNorm];
    public readonly Tensor Gate = source[indices.Gate];
    public readonly Tensor Up = source[indices.Up];
    public readonly Tensor Down = source[indices.Down];
    public readonly Tensor AttentionNorm = indices.AttentionNorm < 0 ? default : source[indices.AttentionNorm];
    public readonly Tensor FeedForwardNorm = indices.FeedForwardNorm < 0 ? default : source[indices.FeedForwardNorm];
}
