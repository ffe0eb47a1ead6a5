namespace Olmo.Data.Instances;

/// <summary>
/// OLMo's filter of repeated n-grams: an instance that holds a piece of <see cref="MinimumPeriod"/> to <see cref="MaximumPeriod"/> ids
/// <see cref="MaximumCount"/> or more times in a row is masked (all its labels are ignored).
/// </summary>
/// <remarks>
/// Rule, checked against OLMo-core's <c>find_periodic_sequences</c>: for period p (at most a third of the length) a run of i with
/// a[i] = a[i - p] of at least max(2, MaximumCount - 1) * p. Two repeats alone are never seen, as in the original.
/// </remarks>
public sealed record RepetitionFilter
{
    public RepetitionFilter(int maximumPeriod = 13, int minimumPeriod = 1, int maximumCount = 32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minimumPeriod, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumPeriod, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumCount, 2);
        MaximumPeriod = maximumPeriod;
        MinimumPeriod = minimumPeriod;
        MaximumCount = maximumCount;
    }

    /// <summary>Longest piece looked for, in ids.</summary>
    public int MaximumPeriod { get; }

    /// <summary>Shortest piece looked for, in ids.</summary>
    public int MinimumPeriod { get; }

    /// <summary>This many repetitions in a row reject.</summary>
    public int MaximumCount { get; }

    /// <summary>True if an instance with these ids is to be masked. O(length * periods), allocates nothing.</summary>
    public bool Rejects(ReadOnlySpan<int> ids)
    {
        int largest = Math.Min(MaximumPeriod, ids.Length / 3);
        for (int period = MinimumPeriod; period <= largest; period++)
        {
            long limit = (long)Math.Max(2, MaximumCount - 1) * period;
            long run = 0;
            for (int i = period; i < ids.Length; i++)
            {
                run = ids[i] == ids[i - period] ? run + 1 : 0;
                if (run >= limit)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>All repeated stretches, by period, then start; multiples of a period are reported again.</summary>
    public IReadOnlyList<RepeatedSequence> Find(ReadOnlySpan<int> ids)
    {
        List<RepeatedSequence> found = [];
        int largest = Math.Min(MaximumPeriod, ids.Length / 3);
        for (int period = MinimumPeriod; period <= largest; period++)
        {
            int run = 0;
            for (int i = period; i <= ids.Length; i++)
            {
                if (i < ids.Length && ids[i] == ids[i - period])
                {
                    run++;
                    continue;
                }

                if (run >= 2 * period)
                {
                    int start = i - run - period;
                    found.Add(new RepeatedSequence(start, i, period, (i - start) / period));
                }

                run = 0;
            }
        }

        return found;
    }
}
