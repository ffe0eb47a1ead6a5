using Olmo.Actors.Drills;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;

namespace Olmo.Host.Runs;

/// <summary>The store and the probe of a process, through the run's drill where it has one.</summary>
internal static class RunStore
{
    /// <summary>Opens them.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="time">Clock.</param>
    /// <param name="writer">Name under which this process writes.</param>
    /// <param name="drill">Its drill.</param>
    /// <param name="trace">Where moments are written.</param>
    public static (IObjectStore Store, IPhaseProbe Probe) Open(RunFolder folder, TimeProvider time, string writer, IDrill drill, IPhaseProbe trace)
    {
        LocalObjectStore store = new(folder.Checkpoints, time, writer, drill.Guards.AtomicPut);
        if (drill is NoDrill)
        {
            return (store, trace);
        }

        DrillObjectStore drilled = new(store, drill);
        return (drilled, new DrillProbe(trace, drill, drilled));
    }
}
