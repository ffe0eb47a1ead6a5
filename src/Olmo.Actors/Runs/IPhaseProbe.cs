namespace Olmo.Actors.Runs;

/// <summary>
/// Named moments of a run, for tests that must hit them and for the trace that an operator reads after a crash. A probe may block the thread that reaches
/// a moment; it is handed in and does nothing in production.
/// </summary>
public interface IPhaseProbe
{
    /// <summary>A moment is reached.</summary>
    /// <param name="phase">Name of the moment.</param>
    /// <param name="step">Step that it belongs to; 0 before the first.</param>
    void Reached(string phase, long step);
}
