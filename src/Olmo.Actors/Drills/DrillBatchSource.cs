using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Drills;

/// <summary>Batches whose reading is a moment of the drill: <see cref="Phases.Load"/>.</summary>
public sealed class DrillBatchSource(IBatchSource source, IDrill drill) : IBatchSource
{
    /// <summary>The source itself where there is no drill.</summary>
    public static IBatchSource Over(IBatchSource source, IDrill drill) => drill is NoDrill ? source : new DrillBatchSource(source, drill);

    /// <inheritdoc />
    public StepBatch CreateBatch() => source.CreateBatch();

    /// <inheritdoc />
    public void Read(long step, StepBatch destination)
    {
        drill.Passed(Phases.Load, step);
        source.Read(step, destination);
    }

    /// <inheritdoc />
    public string CursorAfter(long step) => source.CursorAfter(step);
}
