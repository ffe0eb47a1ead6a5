using Olmo.Actors.Runs;

namespace Olmo.PeerStep;

/// <summary>Looks at nothing: the step alone is measured.</summary>
internal sealed class NoProbe : IPhaseProbe
{
    public void Reached(string phase, long step)
    {
    }
}
