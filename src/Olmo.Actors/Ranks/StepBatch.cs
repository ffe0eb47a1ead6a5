namespace Olmo.Actors.Ranks;

/// <summary>
/// The global batch of one step as far as this rank computes it. Allocated once and filled again and again: written by the loader, then read by the
/// compute thread, never both.
/// </summary>
public sealed class StepBatch
{
    /// <summary>Room for a step.</summary>
    /// <param name="groups">Groups of the global batch.</param>
    /// <param name="sequencesPerGroup">Sequences of a group.</param>
    /// <param name="sequenceLength">Tokens of a sequence.</param>
    public StepBatch(int groups, int sequencesPerGroup, int sequenceLength)
    {
        Groups = groups;
        SequencesPerGroup = sequencesPerGroup;
        SequenceLength = sequenceLength;
        int tokens = checked(groups * sequencesPerGroup * sequenceLength);
        Ids = GC.AllocateArray<int>(tokens, pinned: true);
        Labels = GC.AllocateArray<int>(tokens, pinned: true);
        DocumentStarts = GC.AllocateArray<int>(tokens, pinned: true);
    }

    /// <summary>Groups of the global batch.</summary>
    public int Groups { get; }

    /// <summary>Sequences of a group.</summary>
    public int SequencesPerGroup { get; }

    /// <summary>Tokens of a sequence.</summary>
    public int SequenceLength { get; }

    /// <summary>Step that these tokens belong to.</summary>
    public long Step { get; set; }

    /// <summary>Token ids, [groups, sequences, tokens].</summary>
    public int[] Ids { get; }

    /// <summary>Label of each position, already shifted; -100 where there is none.</summary>
    public int[] Labels { get; }

    /// <summary>For each position the first position of its document inside the sequence; 0 everywhere without document masking.</summary>
    public int[] DocumentStarts { get; }

    /// <summary>Labels of the global batch: the divisor of the loss.</summary>
    public long LabelCount { get; set; }

    /// <summary>Tokens of one group.</summary>
    public int TokensPerGroup => SequencesPerGroup * SequenceLength;
}
