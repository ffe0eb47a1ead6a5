using Olmo.Data.Instances;

namespace Olmo.Actors.Ranks;

/// <summary>To the loader: fill the slot of this step. The rank sends one at a time, in the order of the steps.</summary>
internal sealed record LoadBatch(long Step);

/// <summary>From the loader: the batch of this step is published.</summary>
internal sealed record BatchLoaded(long Step);

/// <summary>From the loader: it was restarted by its supervisor and forgot the step that it worked on.</summary>
internal sealed record LoaderRestarted(Exception Cause);

/// <summary>
/// Reads batches ahead of the compute thread. It holds no state, so that a restart loses nothing: the rank sends the same step again.
/// </summary>
internal sealed class BatchLoader : ReceiveActor
{
    public BatchLoader(IBatchSource source, BatchQueue queue, DataCourse course)
    {
        Receive<LoadBatch>(load =>
        {
            StepBatch slot = queue.SlotOf(load.Step);
            slot.Step = load.Step;
            slot.Batch = course.BatchOf(load.Step);
            slot.Course = course;
            source.Read(slot.Batch, slot);
            queue.Publish();
            Context.Parent.Tell(new BatchLoaded(load.Step));
        });
    }

    protected override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);
        Context.Parent.Tell(new LoaderRestarted(reason));
    }
}
