namespace Olmo.Actors.Worlds;

/// <summary>A group of a step that failed inside a rank: another rank is to try it, as only the same failure on two ranks shows that the data are at fault (rule 17).</summary>
/// <param name="Step">The step.</param>
/// <param name="Group">The group.</param>
/// <param name="Rank">Process number of the rank on which it failed.</param>
public readonly record struct GroupSuspicion(long Step, int Group, int Rank);
