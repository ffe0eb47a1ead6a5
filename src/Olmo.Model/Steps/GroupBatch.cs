namespace Olmo.Model.Steps;

/// <summary>
/// The sequences of one group: filled by a loader, read by a step, then filled again. The arrays are never replaced, so a loader that keeps a few of these
/// allocates nothing in the steady state.
/// </summary>
public sealed class GroupBatch
{
    /// <summary>Label of a position without loss.</summary>
    public const int IgnoredLabel = -100;

    /// <summary>Allocates for a number of sequences of <paramref name="sequenceLength"/> tokens.</summary>
    /// <param name="sequences">Sequences of the group.</param>
    /// <param name="sequenceLength">T</param>
    /// <param name="hasWeights">True if positions carry a weight of their loss.</param>
    /// <param name="hasDocuments">True if attention stays inside documents.</param>
    public GroupBatch(int sequences, int sequenceLength, bool hasWeights = false, bool hasDocuments = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequenceLength, 1);
        Sequences = sequences;
        SequenceLength = sequenceLength;
        int tokens = checked(sequences * sequenceLength);
        Ids = new int[tokens];
        Labels = new int[tokens];
        Weights = hasWeights ? new float[tokens] : null;
        DocumentStarts = hasDocuments ? new int[tokens] : null;
        Instances = new long[sequences];
    }

    /// <summary>Number of the group in the global batch, from 0.</summary>
    public int Group { get; set; }

    /// <summary>Sequences.</summary>
    public int Sequences { get; }

    /// <summary>T</summary>
    public int SequenceLength { get; }

    /// <summary>[sequences] number of each sequence in the data set.</summary>
    public long[] Instances { get; }

    /// <summary>[sequences, T] token ids.</summary>
    public int[] Ids { get; }

    /// <summary>[sequences, T] id to predict at each position, already shifted, or <see cref="IgnoredLabel"/>.</summary>
    public int[] Labels { get; }

    /// <summary>[sequences, T] weight of each position's loss; null: 1.</summary>
    public float[]? Weights { get; }

    /// <summary>[sequences, T] position, inside its sequence, at which the token's document starts; null: attention goes back to position 0.</summary>
    public int[]? DocumentStarts { get; }

    /// <summary>Positions.</summary>
    public int Tokens => Ids.Length;

    /// <summary>Positions with a label: what the group adds to the divisor of the loss.</summary>
    public long CountLabels()
    {
        long count = 0;
        foreach (int label in Labels)
        {
            count += label == IgnoredLabel ? 0 : 1;
        }

        return count;
    }

    /// <summary>
    /// Fills <see cref="Labels"/> by shifting the ids left: position t predicts t + 1, the last has no label.
    /// </summary>
    public void ShiftLabels()
    {
        for (int s = 0; s < Sequences; s++)
        {
            int first = s * SequenceLength;
            Ids.AsSpan(first + 1, SequenceLength - 1).CopyTo(Labels.AsSpan(first));
            Labels[first + SequenceLength - 1] = IgnoredLabel;
        }
    }
}
