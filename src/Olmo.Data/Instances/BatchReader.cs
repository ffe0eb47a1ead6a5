namespace Olmo.Data.Instances;

/// <summary>
/// Reads the groups of global batches into spans. Not for two threads at once: each loader has its own over the same <see cref="InstanceDataSet"/>. After the
/// first use in an epoch nothing is allocated.
/// </summary>
public sealed class BatchReader
{
    private readonly InstanceDataSet _dataSet;
    private readonly int[] _ids;
    private readonly byte[] _keep;
    private EpochOrder? _order;
    private long _epochOfOrder;

    /// <exception cref="ArgumentException">The plan was made for another number of instances.</exception>
    public BatchReader(InstanceDataSet dataSet, BatchPlan plan)
    {
        ArgumentNullException.ThrowIfNull(dataSet);
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.InstanceCount != dataSet.Count)
        {
            throw new ArgumentException($"The plan is for {plan.InstanceCount} instances, the data set has {dataSet.Count}.", nameof(plan));
        }

        _dataSet = dataSet;
        Plan = plan;
        _ids = new int[dataSet.SequenceLength];
        _keep = new byte[dataSet.SequenceLength];
    }

    public BatchPlan Plan { get; }

    /// <summary>T.</summary>
    public int SequenceLength => _dataSet.SequenceLength;

    /// <summary>Ids are below it.</summary>
    public int VocabularySize => _dataSet.Settings.VocabularySize;

    /// <summary>The data set's fingerprint, which cursors carry.</summary>
    public string Fingerprint => _dataSet.Fingerprint;

    /// <summary>The instance numbers of group <paramref name="group"/> of the batch at the cursor.</summary>
    /// <param name="cursor">Before the batch; must be normalized (<see cref="BatchPlan.Normalize"/>), as all cursors of the plan are.</param>
    /// <param name="group">0 ... G - 1.</param>
    /// <param name="instances">[S], S instances per group, written.</param>
    public void GroupInstances(DataCursor cursor, int group, Span<long> instances)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(group);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(group, Plan.Groups);
        if (instances.Length != Plan.GroupInstances)
        {
            throw new ArgumentException($"The span has {instances.Length} elements, but a group has {Plan.GroupInstances} instances.", nameof(instances));
        }

        EpochOrder order = OrderAt(cursor);
        long first = cursor.InstancesConsumed + ((long)group * Plan.GroupInstances);
        for (int s = 0; s < instances.Length; s++)
        {
            instances[s] = order[first + s];
        }
    }

    /// <summary>
    /// Reads one group: ids, labels, and for document masking the position at which each token's document starts within its sequence.
    /// Row s of the [S, T] outputs is instance s of the group.
    /// </summary>
    /// <param name="cursor">Before the batch, normalized.</param>
    /// <param name="group">0 ... G - 1.</param>
    /// <param name="ids">[S, T], written.</param>
    /// <param name="labels">[S, T], written: the next id, or <see cref="InstanceLabels.Ignored"/>.</param>
    /// <param name="documentStarts">[S, T], written; empty where not wanted.</param>
    /// <returns>Labels of the group that are not ignored.</returns>
    /// <exception cref="TokenFiles.TokenFileException">A file cannot be read or holds an id out of range.</exception>
    public long ReadGroup(DataCursor cursor, int group, Span<int> ids, Span<int> labels, Span<int> documentStarts = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(group);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(group, Plan.Groups);
        int length = _dataSet.SequenceLength;
        int rows = Plan.GroupInstances;
        ThrowIfNotGroup(ids.Length, nameof(ids));
        ThrowIfNotGroup(labels.Length, nameof(labels));
        if (!documentStarts.IsEmpty)
        {
            ThrowIfNotGroup(documentStarts.Length, nameof(documentStarts));
        }

        EpochOrder order = OrderAt(cursor);
        long first = cursor.InstancesConsumed + ((long)group * rows);
        long count = 0;
        for (int s = 0; s < rows; s++)
        {
            long instance = order[first + s];
            Span<int> row = ids.Slice(s * length, length);
            _dataSet.Read(instance, row);
            ReadOnlySpan<byte> keep = _dataSet.TryReadLabelMask(instance, _keep) ? _keep : default;
            count += InstanceLabels.Fill(row, keep, _dataSet.IsMasked(row), labels.Slice(s * length, length));
            if (!documentStarts.IsEmpty)
            {
                DocumentBoundaries.Starts(row, _dataSet.Settings.EosId, documentStarts.Slice(s * length, length), _dataSet.Settings.BosId);
            }
        }

        return count;
    }

    /// <summary>
    /// Counts the labels of the whole global batch, the divisor of the loss. Without filter and label masks this is B * (T - 1) and reads nothing;
    /// else every instance of the batch is read.
    /// </summary>
    public BatchLabels CountLabels(DataCursor cursor)
    {
        EpochOrder order = OrderAt(cursor);
        int length = _dataSet.SequenceLength;
        if (!_dataSet.CanMask)
        {
            return new BatchLabels((long)Plan.GlobalBatchInstances * (length - 1), 0, Plan.GlobalBatchInstances, length);
        }

        long labels = 0;
        long maskedInstances = 0;
        for (long i = 0; i < Plan.GlobalBatchInstances; i++)
        {
            long instance = order[cursor.InstancesConsumed + i];
            bool masked = false;
            if (_dataSet.Settings.Filter is not null)
            {
                _dataSet.Read(instance, _ids);
                masked = _dataSet.IsMasked(_ids);
            }

            ReadOnlySpan<byte> keep = _dataSet.TryReadLabelMask(instance, _keep) ? _keep : default;
            labels += InstanceLabels.Count(length, keep, masked);
            maskedInstances += masked ? 1 : 0;
        }

        return new BatchLabels(labels, maskedInstances, Plan.GlobalBatchInstances, length);
    }

    private EpochOrder OrderAt(DataCursor cursor)
    {
        ArgumentNullException.ThrowIfNull(cursor);
        cursor.Verify(_dataSet.Fingerprint);
        if (cursor.InstancesConsumed < 0 || cursor.InstancesConsumed + Plan.GlobalBatchInstances > Plan.InstanceCount)
        {
            throw new ArgumentException($"Less than one batch of {Plan.GlobalBatchInstances} is left at instance {cursor.InstancesConsumed} of {Plan.InstanceCount}: normalize the cursor first.", nameof(cursor));
        }

        if (_order is null || _epochOfOrder != cursor.Epoch)
        {
            _order = Plan.OrderOfEpoch(cursor.Epoch);
            _epochOfOrder = cursor.Epoch;
        }

        return _order;
    }

    private void ThrowIfNotGroup(int length, string name)
    {
        long expected = (long)Plan.GroupInstances * _dataSet.SequenceLength;
        if (length != expected)
        {
            throw new ArgumentException($"The span has {length} elements, but a group has {Plan.GroupInstances} instances of {_dataSet.SequenceLength}.", name);
        }
    }
}
