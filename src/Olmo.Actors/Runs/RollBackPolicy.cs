namespace Olmo.Actors.Runs;

/// <summary>How far a run goes back when the guard of steps wants it to, and when it stops instead. Numeric.</summary>
/// <param name="StepsNotFinite">Least steps back after too many steps in a row that are not finite.</param>
/// <param name="StepsSpiked">The same after outliers.</param>
/// <param name="Window">A second roll-back at a step fewer than this many steps past the one before stops the run.</param>
public sealed record RollBackPolicy(long StepsNotFinite, long StepsSpiked, long Window)
{
    /// <summary>Least steps back for a kind of fault.</summary>
    public long StepsFor(FaultKind kind) => kind is FaultKind.RunSpiked ? StepsSpiked : StepsNotFinite;
}
