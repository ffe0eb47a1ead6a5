using Olmo.Actors.Runs;

namespace Olmo.Actors.Drills;

/// <summary>Tells a drill, and a store that asks for it, of the moments that a probe sees.</summary>
public sealed class DrillProbe(IPhaseProbe probe, IDrill drill, IPhaseProbe? store = null) : IPhaseProbe
{
    /// <inheritdoc />
    public void Reached(string phase, long step)
    {
        probe.Reached(phase, step);
        store?.Reached(phase, step);
        drill.Passed(phase, step);
    }
}
