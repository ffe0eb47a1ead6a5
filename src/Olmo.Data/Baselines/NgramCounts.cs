using Olmo.Data.Instances;

namespace Olmo.Data.Baselines;

/// <summary>
/// Counts of ids and of pairs of neighbours inside instances, from which the two baselines of a run are made. A pair never crosses two instances: these are exactly the
/// predictions that a model makes on the same instances.
/// </summary>
public sealed class NgramCounts
{
    private readonly long[] _ids;
    private readonly long[] _lefts;
    private readonly PairCounts _pairs = new();

    public NgramCounts(int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        _ids = new long[vocabularySize];
        _lefts = new long[vocabularySize];
    }

    /// <summary>V.</summary>
    public int VocabularySize => _ids.Length;

    /// <summary>Ids counted.</summary>
    public long Tokens { get; private set; }

    /// <summary>Predictions counted: T - 1 per instance.</summary>
    public long Pairs { get; private set; }

    internal PairCounts PairTable => _pairs;

    /// <summary>Counts all instances of a data set.</summary>
    public static NgramCounts OfDataSet(InstanceDataSet dataSet, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(dataSet);
        NgramCounts counts = new(dataSet.Settings.VocabularySize);
        int[] ids = new int[dataSet.SequenceLength];
        for (long i = 0; i < dataSet.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            dataSet.Read(i, ids);
            counts.Add(ids);
        }

        return counts;
    }

    /// <summary>
    /// Counts what the first steps of a plan train on. From one whole epoch on that is every instance of the first epoch, once: further epochs only repeat it.
    /// </summary>
    /// <param name="reader">The data and their plan.</param>
    /// <param name="steps">Steps trained.</param>
    /// <param name="cancellation">Checked per group.</param>
    public static NgramCounts OfSteps(BatchReader reader, long steps, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        BatchPlan plan = reader.Plan;
        NgramCounts counts = new(reader.VocabularySize);
        int length = reader.SequenceLength;
        int[] ids = new int[checked(plan.GroupInstances * length)];
        int[] labels = new int[ids.Length];
        for (long step = 1; step <= Math.Min(steps, plan.StepsPerEpoch); step++)
        {
            DataCursor cursor = plan.CursorBefore(step, reader.Fingerprint);
            for (int group = 0; group < plan.Groups; group++)
            {
                cancellation.ThrowIfCancellationRequested();
                reader.ReadGroup(cursor, group, ids, labels);
                for (int s = 0; s < plan.GroupInstances; s++)
                {
                    counts.Add(ids.AsSpan(s * length, length));
                }
            }
        }

        return counts;
    }

    /// <summary>Counts one instance.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public void Add(ReadOnlySpan<int> ids)
    {
        for (int t = 0; t < ids.Length; t++)
        {
            if ((uint)ids[t] >= (uint)_ids.Length)
            {
                throw new ArgumentOutOfRangeException(nameof(ids), ids[t], $"An id must be below {_ids.Length}.");
            }

            _ids[ids[t]]++;
            if (t > 0)
            {
                _pairs.Add(ids[t - 1], ids[t]);
                _lefts[ids[t - 1]]++;
            }
        }

        Tokens += ids.Length;
        Pairs += Math.Max(0, ids.Length - 1);
    }

    /// <summary>(count + 1) / (tokens + V): no id has probability 0.</summary>
    internal double Unigram(int id) => (_ids[id] + 1.0) / (Tokens + (double)_ids.Length);

    /// <summary>Share of the pairs with this left id that have this right id; null where the left id never had a neighbour.</summary>
    internal double? Bigram(int left, int right) => _lefts[left] == 0 ? null : (double)_pairs.Count(left, right) / _lefts[left];
}
