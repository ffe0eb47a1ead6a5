namespace Olmo.Model.Models;

/// <summary>Sequences of one forward and backward pass, row-major [sequences, T].</summary>
public readonly ref struct MicroBatch
{
    /// <summary>Whole sequences of equal length.</summary>
    /// <param name="ids">[sequences, T] token ids.</param>
    /// <param name="sequenceLength">T</param>
    /// <param name="labels">[sequences, T] id to predict at each position, already shifted, or -100; empty where no loss is asked for.</param>
    /// <param name="weights">[sequences, T] weight of each position's loss; empty: 1.</param>
    /// <param name="documentStarts">[sequences, T] position at which the token's document starts; empty: attention goes back to position 0.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public MicroBatch(
        ReadOnlySpan<int> ids,
        int sequenceLength,
        ReadOnlySpan<int> labels = default,
        ReadOnlySpan<float> weights = default,
        ReadOnlySpan<int> documentStarts = default)
    {
        if (sequenceLength < 1 || ids.Length == 0 || ids.Length % sequenceLength != 0
            || (labels.Length != 0 && labels.Length != ids.Length)
            || (weights.Length != 0 && weights.Length != ids.Length)
            || (documentStarts.Length != 0 && documentStarts.Length != ids.Length))
        {
            throw new ArgumentException(
                $"A micro-batch of sequences of {sequenceLength} tokens has {ids.Length} ids, {labels.Length} labels, {weights.Length} weights and {documentStarts.Length} document starts.");
        }

        Ids = ids;
        Labels = labels;
        Weights = weights;
        DocumentStarts = documentStarts;
        SequenceLength = sequenceLength;
    }

    /// <summary>Token ids.</summary>
    public ReadOnlySpan<int> Ids { get; }

    /// <summary>Labels, or empty.</summary>
    public ReadOnlySpan<int> Labels { get; }

    /// <summary>Weights, or empty.</summary>
    public ReadOnlySpan<float> Weights { get; }

    /// <summary>Document starts, or empty.</summary>
    public ReadOnlySpan<int> DocumentStarts { get; }

    /// <summary>T</summary>
    public int SequenceLength { get; }

    /// <summary>Sequences.</summary>
    public int Sequences => Ids.Length / SequenceLength;
}
