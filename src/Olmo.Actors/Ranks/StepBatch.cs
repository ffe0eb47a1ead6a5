using Olmo.Data.Instances;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <summary>
/// The groups of one step that this rank computes. Allocated once and filled again and again: written by the loader, then read by the compute thread, never both.
/// </summary>
public sealed class StepBatch
{
    /// <summary>Room for a step.</summary>
    /// <param name="groups">Groups of the global batch.</param>
    /// <param name="sequencesPerGroup">Sequences of a group.</param>
    /// <param name="sequenceLength">Tokens of a sequence.</param>
    /// <param name="hasDocuments">Whether attention stays inside documents.</param>
    public StepBatch(int groups, int sequencesPerGroup, int sequenceLength, bool hasDocuments)
    {
        Groups = [.. Enumerable.Range(0, groups).Select(g => new GroupBatch(sequencesPerGroup, sequenceLength, hasDocuments: hasDocuments) { Group = g })];
    }

    /// <summary>Step that these tokens belong to.</summary>
    public long Step { get; set; }

    /// <summary>Number of the batch in the order of the data; as long as nobody sets it, that of the step.</summary>
    public long Batch
    {
        get => field == 0 ? Step : field;
        set;
    }

    /// <summary>What was discarded and quarantined.</summary>
    public DataCourse Course { get; set; } = DataCourse.Whole;

    /// <summary>Groups of the global batch, in order.</summary>
    public GroupBatch[] Groups { get; }

    /// <summary>Labels of the global batch: the divisor of the loss.</summary>
    public long LabelCount { get; set; }
}
