using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>What a block computes on its way forward, [rows, ...]; none where the family or the kind of pass has none.</summary>
internal sealed class BlockActivations
{
    /// <summary>Input of the block, [rows, d].</summary>
    public required Activation Input { get; init; }

    /// <summary>OLMo 1: normed input, [rows, d].</summary>
    public Activation NormedInput { get; init; }

    /// <summary>Projected q before clamp or norm, [rows, H e].</summary>
    public Activation RawQuery { get; init; }

    /// <summary>[rows, K e]</summary>
    public Activation RawKey { get; init; }

    /// <summary>With a clamp only, [rows, K e].</summary>
    public Activation RawValue { get; init; }

    /// <summary>q as attention takes it, [rows, H e].</summary>
    public required Activation Query { get; init; }

    /// <summary>[rows, K e]</summary>
    public required Activation Key { get; init; }

    /// <summary>[rows, K e]</summary>
    public required Activation Value { get; init; }

    public NormStatistics QueryStatistics { get; init; }

    public NormStatistics KeyStatistics { get; init; }

    /// <summary>Output of attention before its projection, [rows, H e].</summary>
    public required Activation Mixed { get; init; }

    /// <summary>[rows, H]</summary>
    public Tensor LogSumExp { get; init; }

    /// <summary>Output of attention's projection, [rows, d].</summary>
    public required Activation Attended { get; init; }

    /// <summary>The stream after attention, [rows, d].</summary>
    public required Activation Middle { get; init; }

    /// <summary>OLMo 1: normed middle, [rows, d].</summary>
    public Activation NormedMiddle { get; init; }

    /// <summary>[rows, f]</summary>
    public required Activation Gate { get; init; }

    /// <summary>[rows, f]</summary>
    public required Activation Up { get; init; }

    /// <summary>silu(gate) ⊙ up, [rows, f].</summary>
    public required Activation Hidden { get; init; }

    /// <summary>Output of the FFN, [rows, d].</summary>
    public required Activation Fed { get; init; }

    public NormStatistics AttentionStatistics { get; init; }

    public NormStatistics FeedForwardStatistics { get; init; }

    /// <summary>Output of the block, [rows, d].</summary>
    public required Activation Output { get; init; }

    /// <summary>Those that stay elsewhere than where passes read them.</summary>
    public required Activation[] KeptElsewhere { get; init; }

    /// <summary>Brings them back to where the backward pass reads them.</summary>
    public void Restore(ITensorProvider provider)
    {
        foreach (Activation activation in KeptElsewhere)
        {
            provider.Widen(activation.Kept, activation.Values);
        }
    }
}
