using System.Globalization;
using Olmo.Data.Instances;
using Olmo.Data.TokenFiles;
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
    public void Read(long batch, StepBatch destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        DataCursor cursor = _reader.Plan.CursorBefore(batch, _dataSet.Fingerprint);
        long labels = 0;
        foreach (GroupBatch group in destination.Groups)
        {
            labels += ReadGroup(cursor, batch, group, destination);
        }

        destination.LabelCount = labels;
    }

    /// <inheritdoc />
    public string CursorAfter(long batch)
    {
        DataCursor cursor = _reader.Plan.CursorBefore(batch + 1, _dataSet.Fingerprint);
        return string.Create(CultureInfo.InvariantCulture, $"{cursor.Epoch}:{cursor.InstancesConsumed}");
    }

    private long ReadGroup(DataCursor cursor, long batch, GroupBatch group, StepBatch destination)
    {
        _reader.GroupInstances(cursor, group.Group, group.Instances);
        foreach (QuarantinedGroup one in destination.Course.Quarantined)
        {
            if (one.Batch == batch && one.Group == group.Group && one.IsUnreadable)
            {
                Array.Clear(group.Ids);
                Array.Fill(group.Labels, GroupBatch.IgnoredLabel);
                return (long)group.Sequences * (group.SequenceLength - 1); // the divisor is that of the full batch
            }
        }

        try
        {
            return _reader.ReadGroup(cursor, group.Group, group.Ids, group.Labels, group.DocumentStarts);
        }
        catch (TokenFileException e)
        {
            throw new GroupFailedException(destination.Step, group.Group, e);
        }
    }
}
