namespace Olmo.Model.Tensors;

/// <summary>
/// One call of the fused loss head: logits = x Wᵀ for tiles of tokens, cross-entropy and z-loss in place, and the gradients of both. Never more logits
/// exist than <see cref="Logits"/> holds.
/// </summary>
/// <remarks>
/// With lse = log Σ exp z: CE = weight (lse - z_label), Z = weight ZMultiplier lse²; the loss is Σ (CE + Z) / Divisor. Rows with label -100 have no loss and
/// no gradient. Gradients are left out where both are none.
/// </remarks>
public readonly record struct LossHeadPass
{
    /// <summary>Label of a row without loss.</summary>
    public const int IgnoredLabel = -100;

    /// <summary>x [rows, d]</summary>
    public required Tensor Input { get; init; }

    /// <summary>W [V, d]; may be seen as bf16.</summary>
    public required Tensor Weight { get; init; }

    /// <summary>I32 [rows], in 0 .. V - 1 or -100.</summary>
    public required Tensor Labels { get; init; }

    /// <summary>[rows], weight of each row's loss; none: 1.</summary>
    public Tensor Weights { get; init; }

    /// <summary>N: labels of the global batch.</summary>
    public required double Divisor { get; init; }

    /// <summary>lambda of the z-loss.</summary>
    public required double ZMultiplier { get; init; }

    /// <summary>[rows], written: CE, not divided.</summary>
    public required Tensor CrossEntropy { get; init; }

    /// <summary>[rows], written: Z, not divided.</summary>
    public required Tensor ZLoss { get; init; }

    /// <summary>[rows], written: log probability of the label without the weight; optional.</summary>
    public Tensor LogProbability { get; init; }

    /// <summary>[rows, d], written; none: no gradients.</summary>
    public Tensor InputGradient { get; init; }

    /// <summary>[V, d]; none: no gradients.</summary>
    public Tensor WeightGradient { get; init; }

    /// <summary>True: the chains of <see cref="WeightGradient"/> go on from what it holds; false: from +0.</summary>
    public bool Accumulate { get; init; }

    /// <summary>[rows of a tile, V], scratch; the number of its rows changes speed and memory only.</summary>
    public required Tensor Logits { get; init; }
}
