namespace Olmo.Data.Instances;

/// <summary>
/// Which instances make the global batch of a step, and how it is cut into groups: a pure function of (seed, epoch, position in the epoch).
/// Worlds, ranks and micro-batches do not occur in it. An epoch's incomplete last batch is dropped.
/// </summary>
public sealed class BatchPlan
{
    /// <param name="instanceCount">Instances of the data set.</param>
    /// <param name="globalBatchInstances">B, instances per step.</param>
    /// <param name="groups">G, a divisor of B.</param>
    /// <param name="seed">Decides the order, together with the epoch.</param>
    /// <param name="order">The rule of the order.</param>
    /// <param name="chunkInstances">Adjacent instances that stay together (OLMo-core's max_target_sequence_length over sequence length).</param>
    /// <exception cref="DataException">The batch cannot be cut into the groups, or the data set holds less than one batch.</exception>
    public BatchPlan(long instanceCount, int globalBatchInstances, int groups, ulong seed, EpochOrderKind order = EpochOrderKind.Permutation, int chunkInstances = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(globalBatchInstances, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
        if (globalBatchInstances % groups != 0)
        {
            throw new DataException($"A global batch of {globalBatchInstances} instances cannot be cut into {groups} equal groups.");
        }

        if (instanceCount < globalBatchInstances)
        {
            throw new DataException($"The data set has {instanceCount} instances, less than one global batch of {globalBatchInstances}: give more text, a shorter sequence length or a smaller batch.");
        }

        InstanceCount = instanceCount;
        GlobalBatchInstances = globalBatchInstances;
        Groups = groups;
        Seed = seed;
        Order = order;
        ChunkInstances = chunkInstances;
    }

    /// <summary>Instances of the data set.</summary>
    public long InstanceCount { get; }

    /// <summary>Instances per step.</summary>
    public int GlobalBatchInstances { get; }

    /// <summary>Groups per step.</summary>
    public int Groups { get; }

    /// <summary>Instances per group.</summary>
    public int GroupInstances => GlobalBatchInstances / Groups;

    public ulong Seed { get; }

    public EpochOrderKind Order { get; }

    public int ChunkInstances { get; }

    /// <summary>Whole batches of an epoch.</summary>
    public long StepsPerEpoch => InstanceCount / GlobalBatchInstances;

    /// <summary>The order of an epoch, counted from 1. Constant time for <see cref="EpochOrderKind.Permutation"/>; keep it while the epoch lasts.</summary>
    public EpochOrder OrderOfEpoch(long epoch) => EpochOrder.Create(Order, Seed, epoch, InstanceCount, ChunkInstances);

    /// <summary>The cursor before step <paramref name="step"/> (counted from 1) of a run that started at the start of the data set.</summary>
    public DataCursor CursorBefore(long step, string fingerprint)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        (long epochs, long batch) = Math.DivRem(step - 1, StepsPerEpoch);
        return new DataCursor(epochs + 1, batch * GlobalBatchInstances, fingerprint);
    }

    /// <summary>The cursor after the batch at <paramref name="cursor"/>.</summary>
    public DataCursor Next(DataCursor cursor)
    {
        DataCursor start = Normalize(cursor);
        return Normalize(start with { InstancesConsumed = start.InstancesConsumed + GlobalBatchInstances });
    }

    /// <summary>The same place, or the start of the next epoch where less than a batch is left (also after a change of the batch size).</summary>
    public DataCursor Normalize(DataCursor cursor)
    {
        ArgumentNullException.ThrowIfNull(cursor);
        if (cursor.Epoch < 1 || cursor.InstancesConsumed < 0)
        {
            throw new DataException($"The data cursor has epoch {cursor.Epoch} and {cursor.InstancesConsumed} instances; epochs count from 1, instances from 0.");
        }

        return cursor.InstancesConsumed + GlobalBatchInstances <= InstanceCount
            ? cursor
            : cursor with { Epoch = cursor.Epoch + 1, InstancesConsumed = 0 };
    }
}
