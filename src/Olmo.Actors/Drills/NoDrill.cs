namespace Olmo.Actors.Drills;

/// <summary>No fault, every guard on.</summary>
public sealed class NoDrill : IDrill
{
    private NoDrill()
    {
    }

    /// <summary>The instance.</summary>
    public static NoDrill Instance { get; } = new();

    /// <inheritdoc />
    public Guards Guards => Guards.All;

    /// <inheritdoc />
    public void Passed(string phase, long step, int group = -1)
    {
    }

    /// <inheritdoc />
    public DrillFault? Strikes(DrillAct act, long step, int group = -1) => null;
}
