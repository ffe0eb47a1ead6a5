namespace Olmo.Data.Instances;

/// <summary>A group of a global batch that fails wherever it is computed: it counts as zero, and the divisor stays that of the full batch.</summary>
/// <param name="Batch">Number of the batch in the order of the data, from 1.</param>
/// <param name="Group">Group of it, from 0.</param>
/// <param name="IsUnreadable">It fails where it is read: nobody reads it again, and it counts in the divisor as a group without ignored labels.</param>
public readonly record struct QuarantinedGroup(long Batch, int Group, bool IsUnreadable = false);
