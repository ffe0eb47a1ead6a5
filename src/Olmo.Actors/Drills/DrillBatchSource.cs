using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Model.Steps;

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
        foreach (GroupBatch group in destination.Groups)
        {
            if (!destination.Course.IsQuarantined(batch, group.Group))
            {
                Pass(batch, destination.Step, group.Group);
            }
        }

        source.Read(batch, destination);
    }

    private void Pass(long batch, long step, int group)
    {
        try
        {
            drill.Passed(Phases.Load, batch, group);
        }
        catch (DrillException e)
        {
            throw new GroupFailedException(step, group, e);
        }
    }

    /// <inheritdoc />
    public string CursorAfter(long batch) => source.CursorAfter(batch);
}
