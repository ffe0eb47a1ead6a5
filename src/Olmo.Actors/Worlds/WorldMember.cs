namespace Olmo.Actors.Worlds;

/// <summary>A member of a world as the journal keeps it, by position.</summary>
/// <param name="RankId">Process number.</param>
/// <param name="Since">
/// Generation since which it has belonged to the world without a break. A report of a rank that last worked in an older generation was given by somebody who was left out,
/// or who never took the plan that named it: what it holds counts for nothing.
/// </param>
public readonly record struct WorldMember(int RankId, long Since);
