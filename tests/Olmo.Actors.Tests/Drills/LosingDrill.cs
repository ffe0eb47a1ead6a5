using Olmo.Actors.Drills;

namespace Olmo.Actors.Tests.Drills;

/// <summary>Loses all links when a test says so.</summary>
internal sealed class LosingDrill(Guards? guards = null) : IDrill
{
    private int _losses;

    public Guards Guards => guards ?? Guards.All;

    public void Lose() => Interlocked.Increment(ref _losses);

    public void Passed(string phase, long step, int group = -1)
    {
    }

    public DrillFault? Strikes(DrillAct act, long step, int group = -1) => null;

    public int Losses(DrillLinks links) => Volatile.Read(ref _losses);
}
