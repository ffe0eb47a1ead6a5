using System.Globalization;
using Olmo.Data.Instances;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <summary>Batches from token files: the global batch of a step as the data layer's plan has it.</summary>
public sealed class TokenBatchSource : IBatchSource
{
    private readonly InstanceDataSet _dataSet;
    private readonly BatchReader _reader;
    private readonly bool _masksDocuments;

    /// <summary>Reads from an open data set, which must outlive this.</summary>
    public TokenBatchSource(InstanceDataSet dataSet, BatchPlan plan, bool masksDocuments)
    {
        ArgumentNullException.ThrowIfNull(dataSet);
        ArgumentNullException.ThrowIfNull(plan);
        _dataSet = dataSet;
        _reader = new BatchReader(dataSet, plan);
        _masksDocuments = masksDocuments;
    }

    /// <inheritdoc />
    public StepBatch CreateBatch() => new(_reader.Plan.Groups, _reader.Plan.GroupInstances, _dataSet.SequenceLength, _masksDocuments);

    /// <inheritdoc />
    public void Read(long step, StepBatch destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        DataCursor cursor = _reader.Plan.CursorBefore(step, _dataSet.Fingerprint);
        long labels = 0;
        foreach (GroupBatch group in destination.Groups)
        {
            labels += _reader.ReadGroup(cursor, group.Group, group.Ids, group.Labels, group.DocumentStarts);
        }

        destination.LabelCount = labels;
    }

    /// <inheritdoc />
    public string CursorAfter(long step)
    {
        DataCursor cursor = _reader.Plan.CursorBefore(step + 1, _dataSet.Fingerprint);
        return string.Create(CultureInfo.InvariantCulture, $"{cursor.Epoch}:{cursor.InstancesConsumed}");
    }
}
