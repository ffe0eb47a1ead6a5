namespace Olmo.Actors.Runs;

/// <summary>What is held for and against a rank.</summary>
/// <param name="RankId">The rank.</param>
/// <param name="CleanStep">Up to here it is known to have computed right: its last clean audit, or the step with which it joined.</param>
/// <param name="VoidSums">Sums of it that were not those of their contributions.</param>
/// <param name="Convictions">Audits that found it computing wrong.</param>
public sealed record RankRecord(int RankId, long CleanStep, int VoidSums = 0, int Convictions = 0);
