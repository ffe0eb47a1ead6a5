namespace Olmo.Actors.Runs;

/// <summary>Budgets of the supervision ladder.</summary>
/// <param name="MaxFaults">Faults inside <paramref name="FaultWindow"/> that are answered by a new generation; one more stops the run.</param>
/// <param name="FaultWindow">Length of the window.</param>
/// <param name="MaxFaultsWithoutProgress">Faults in a row at or before the same step; one more stops the run.</param>
/// <param name="RollBack">How far a run goes back; null: it stops instead.</param>
/// <param name="AuditInterval">Every how many steps a group is computed a second time; 0: never.</param>
public sealed record RunPolicy(int MaxFaults, TimeSpan FaultWindow, int MaxFaultsWithoutProgress, RollBackPolicy? RollBack = null, long AuditInterval = 0);
