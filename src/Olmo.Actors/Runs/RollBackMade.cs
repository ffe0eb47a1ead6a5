namespace Olmo.Actors.Runs;

/// <summary>A roll-back that was made.</summary>
/// <param name="Kind">Why.</param>
/// <param name="AtStep">Step that was refused.</param>
/// <param name="FromStep">Step that the run went back to.</param>
public sealed record RollBackMade(FaultKind Kind, long AtStep, long FromStep);
