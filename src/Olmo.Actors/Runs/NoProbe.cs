namespace Olmo.Actors.Runs;

/// <summary>Looks at nothing: for work that is no run.</summary>
public sealed class NoProbe : IPhaseProbe
{
    private NoProbe()
    {
    }

    /// <summary>The only one.</summary>
    public static NoProbe Instance { get; } = new();

    /// <inheritdoc/>
    public void Reached(string phase, long step)
    {
    }
}
