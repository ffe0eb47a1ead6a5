using System.Collections.Immutable;

namespace Olmo.Data.Instances;

/// <summary>
/// Which batch of the order of the data a step trains on: batch n for step n, but for the batches that a roll-back discarded, which no step takes. A pure function of
/// (step, discards), so that every rank, every world and every replay reads the same.
/// </summary>
/// <remarks>Equality of lists is by reference: compare <see cref="ToString"/>.</remarks>
public sealed record DataCourse
{
    /// <summary>Nothing discarded, nothing quarantined.</summary>
    public static DataCourse Whole { get; } = new();

    /// <summary>Batches that no step takes: ascending, not adjacent, without overlap.</summary>
    public ImmutableArray<BatchRange> Discarded { get; init; } = [];

    /// <summary>Groups that count as zero, ascending by batch, then group.</summary>
    public ImmutableArray<QuarantinedGroup> Quarantined { get; init; } = [];

    /// <summary>Number of the batch that a step takes.</summary>
    /// <param name="step">From 1.</param>
    public long BatchOf(long step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        long batch = step;
        foreach (BatchRange gap in Discarded)
        {
            if (gap.First > batch)
            {
                break;
            }

            batch += gap.Count;
        }

        return batch;
    }

    /// <summary>True if the group counts as zero.</summary>
    public bool IsQuarantined(long batch, int group)
    {
        foreach (QuarantinedGroup one in Quarantined)
        {
            if (one.Batch == batch && one.Group == group)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The course in which no step takes these batches.</summary>
    public DataCourse Discard(BatchRange range)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(range.First, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(range.Last, range.First);
        ImmutableArray<BatchRange>.Builder merged = ImmutableArray.CreateBuilder<BatchRange>(Discarded.Length + 1);
        foreach (BatchRange next in Discarded.Add(range).OrderBy(r => r.First))
        {
            if (merged.Count > 0 && next.First <= merged[^1].Last + 1)
            {
                merged[^1] = merged[^1] with { Last = Math.Max(merged[^1].Last, next.Last) };
            }
            else
            {
                merged.Add(next);
            }
        }

        return this with { Discarded = merged.ToImmutable() };
    }

    /// <summary>The course in which a group counts as zero.</summary>
    public DataCourse Quarantine(QuarantinedGroup group) => IsQuarantined(group.Batch, group.Group)
        ? this
        : this with { Quarantined = [.. Quarantined.Add(group).OrderBy(q => q.Batch).ThenBy(q => q.Group)] };

    /// <inheritdoc/>
    public override string ToString() =>
        $"discarded {(Discarded.IsEmpty ? "none" : string.Join(',', Discarded))}; quarantined {(Quarantined.IsEmpty ? "none" : string.Join(',', Quarantined.Select(q => $"{q.Batch}/{q.Group}")))}";
}
