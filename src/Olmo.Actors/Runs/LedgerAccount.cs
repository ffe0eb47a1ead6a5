using System.Collections.Immutable;
using Olmo.Data.Instances;
using Olmo.Model.State;

namespace Olmo.Actors.Runs;

/// <summary>A ledger held against what a run decided: every batch up to the newest is consumed once, discarded, or missing.</summary>
/// <param name="Missing">Batches before the newest consumed one that are neither consumed nor discarded.</param>
/// <param name="Twice">Batches that are consumed and discarded.</param>
/// <param name="Quarantined">Groups of consumed batches that count as zero.</param>
/// <param name="ExpectedSequences">Sequences that the loss must have been given.</param>
/// <remarks>Equality of lists is by reference.</remarks>
public sealed record LedgerAccount(
    ImmutableArray<BatchRange> Missing, ImmutableArray<BatchRange> Twice, ImmutableArray<QuarantinedGroup> Quarantined, long ExpectedSequences)
{
    /// <summary>Makes the account.</summary>
    /// <param name="ledger">What was consumed.</param>
    /// <param name="course">What was discarded and quarantined.</param>
    /// <param name="groups">Groups of a batch.</param>
    /// <param name="sequencesPerGroup">Sequences of a group.</param>
    public static LedgerAccount Of(SampleLedger ledger, DataCourse course, int groups, int sequencesPerGroup)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(course);
        ImmutableArray<BatchRange>.Builder missing = ImmutableArray.CreateBuilder<BatchRange>();
        ImmutableArray<BatchRange>.Builder twice = ImmutableArray.CreateBuilder<BatchRange>();
        long batches = 0;
        long next = 1;
        foreach (BatchRange consumed in ledger.Batches)
        {
            batches += consumed.Count;
            foreach (BatchRange gap in course.Discarded)
            {
                BatchRange both = new(Math.Max(gap.First, consumed.First), Math.Min(gap.Last, consumed.Last));
                if (both.Count > 0)
                {
                    twice.Add(both);
                }

                if (gap.First < consumed.First && gap.Last >= next)
                {
                    AddGap(missing, next, gap.First - 1);
                    next = gap.Last + 1;
                }
            }

            AddGap(missing, next, consumed.First - 1);
            next = Math.Max(next, consumed.Last + 1);
        }

        ImmutableArray<QuarantinedGroup> quarantined = [.. course.Quarantined.Where(q => Holds(ledger, q.Batch))];
        return new LedgerAccount(missing.ToImmutable(), twice.ToImmutable(), quarantined, ((batches * groups) - quarantined.Length) * sequencesPerGroup);
    }

    /// <summary>True if the batches are a prefix of the order of the data without gap or overlap but for discards, and every sequence of them was consumed once but for quarantines.</summary>
    public bool IsWhole(long sequences) => Missing.IsEmpty && Twice.IsEmpty && sequences == ExpectedSequences;

    private static void AddGap(ImmutableArray<BatchRange>.Builder missing, long first, long last)
    {
        if (first <= last)
        {
            missing.Add(new BatchRange(first, last));
        }
    }

    private static bool Holds(SampleLedger ledger, long batch)
    {
        foreach (BatchRange consumed in ledger.Batches)
        {
            if (consumed.First <= batch && batch <= consumed.Last)
            {
                return true;
            }
        }

        return false;
    }
}
