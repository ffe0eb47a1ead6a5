using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>What a block computes on its way forward, [rows, ...]; none where the family or the kind of pass has none.</summary>
internal sealed class BlockActivations
{
    /// <summary>Input of the block, [rows, d].</summary>
    public required Tensor Input { get; init; }

    /// <summary>OLMo 1: normed input, [rows, d].</summary>
    public Tensor NormedInput { get; init; }

    /// <summary>Projected q before clamp or norm, [rows, H e].</summary>
    public Tensor RawQuery { get; init; }

    /// <summary>[rows, K e]</summary>
    public Tensor RawKey { get; init; }

    /// <summary>With a clamp only, [rows, K e].</summary>
    public Tensor RawValue { get; init; }

    /// <summary>q as attention takes it, [rows, H e].</summary>
    public required Tensor Query { get; init; }

    /// <summary>[rows, K e]</summary>
    public required Tensor Key { get; init; }

    /// <summary>[rows, K e]</summary>
    public required Tensor Value { get; init; }

    public NormStatistics QueryStatistics { get; init; }

    public NormStatistics KeyStatistics { get; init; }

    /// <summary>Output of attention before its projection, [rows, H e].</summary>
    public required Tensor Mixed { get; init; }

    /// <summary>[rows, H]</summary>
    public Tensor LogSumExp { get; init; }

    /// <summary>Output of attention's projection, [rows, d].</summary>
    public required Tensor Attended { get; init; }

    /// <summary>The stream after attention, [rows, d].</summary>
    public required Tensor Middle { get; init; }

    /// <summary>OLMo 1: normed middle, [rows, d].</summary>
    public Tensor NormedMiddle { get; init; }

    /// <summary>[rows, f]</summary>
    public required Tensor Gate { get; init; }

    /// <summary>[rows, f]</summary>
    public required Tensor Up { get; init; }

    /// <summary>silu(gate) ⊙ up, [rows, f].</summary>
    public required Tensor Hidden { get; init; }

    /// <summary>Output of the FFN, [rows, d].</summary>
    public required Tensor Fed { get; init; }

    public NormStatistics AttentionStatistics { get; init; }

    public NormStatistics FeedForwardStatistics { get; init; }

    /// <summary>Output of the block, [rows, d].</summary>
    public required Tensor Output { get; init; }
}
