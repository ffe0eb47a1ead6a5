namespace Olmo.Actors.Ranks;

/// <summary>Gives the batch of a step: a pure function of the step, so that a loader holds no state that could be lost. May be called from any one thread at a time.</summary>
public interface IBatchSource
{
    /// <summary>An empty batch of the right size.</summary>
    StepBatch CreateBatch();

    /// <summary>Fills a batch with the tokens of a step.</summary>
    /// <exception cref="IOException">The token files cannot be read.</exception>
    void Read(long step, StepBatch destination);

    /// <summary>Where the data stands once a step is done, for the manifest.</summary>
    string CursorAfter(long step);
}
