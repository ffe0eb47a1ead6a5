namespace Olmo.Actors.Ranks;

/// <summary>
/// A few batches that circle between the loader, which fills them in the order of the steps, and the compute thread, which takes them in that order. The
/// number of batches bounds the memory and the read-ahead.
/// </summary>
public sealed class BatchQueue : IDisposable
{
    private readonly StepBatch[] _slots;
    private readonly SemaphoreSlim _filled = new(0);

    /// <summary>Batches for steps from <paramref name="firstStep"/> on.</summary>
    public BatchQueue(IBatchSource source, long firstStep, int depth)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        FirstStep = firstStep;
        _slots = new StepBatch[depth];
        for (int i = 0; i < depth; i++)
        {
            _slots[i] = source.CreateBatch();
        }
    }

    /// <summary>Step of the first batch.</summary>
    public long FirstStep { get; }

    /// <summary>Number of batches that circle.</summary>
    public int Depth => _slots.Length;

    /// <summary>The slot that holds a step.</summary>
    public StepBatch SlotOf(long step) => _slots[(step - FirstStep) % _slots.Length];

    /// <summary>By the loader: the batch of the next step in order is filled.</summary>
    public void Publish() => _filled.Release();

    /// <summary>By the compute thread: waits for the batch of a step. It may be used until the loader is told to fill the slot again.</summary>
    /// <exception cref="OperationCanceledException">Aborted while waiting.</exception>
    public StepBatch Take(long step, CancellationToken abort)
    {
        _filled.Wait(abort);
        StepBatch batch = SlotOf(step);
        return batch.Step == step ? batch : throw new InvalidOperationException($"the batch of step {batch.Step} came where step {step} was due");
    }

    /// <inheritdoc />
    public void Dispose() => _filled.Dispose();
}
