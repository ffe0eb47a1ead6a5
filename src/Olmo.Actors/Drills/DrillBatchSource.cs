using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Drills;

/// <summary>Batches whose reading is a moment of the drill: <see cref="Phases.Load"/>; its step is the number of the batch.</summary>
public sealed class DrillBatchSource(IBatchSource source, IDrill drill) : IBatchSource
{
    /// <summary>The source itself where there is no drill.</summary>
    public static IBatchSource Over(IBatchSource source, IDrill drill) => drill is NoDrill ? source : new DrillBatchSource(source, drill);

    /// <inheritdoc />
    public StepBatch CreateBatch() => source.CreateBatch();

    /// <inheritdoc />
    public void Read(long batch, StepBatch destination)
    {
        drill.Passed(Phases.Load, batch);
        source.Read(batch, destination);
    }

    /// <inheritdoc />
    public string CursorAfter(long batch) => source.CursorAfter(batch);
}
