namespace Olmo.Actors.Ranks;

/// <summary>Gives the batches of the order of the data: pure functions of their number, so that a loader holds no state that could be lost. May be called from any one thread at a time.</summary>
public interface IBatchSource
{
    /// <summary>An empty batch of the right size.</summary>
    StepBatch CreateBatch();

    /// <summary>Fills a batch with its tokens; of quarantined groups that cannot be read it reads nothing.</summary>
    /// <param name="batch">Number of the batch in the order of the data, from 1.</param>
    /// <param name="destination">Knows which groups are quarantined.</param>
    /// <exception cref="GroupFailedException">A group's tokens are wrong.</exception>
    /// <exception cref="IOException">The token files cannot be read.</exception>
    void Read(long batch, StepBatch destination);

    /// <summary>Where the data stands once a batch is consumed, for the manifest.</summary>
    string CursorAfter(long batch);
}
