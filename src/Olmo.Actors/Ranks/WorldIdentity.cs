namespace Olmo.Actors.Ranks;

/// <summary>Which world of a run: every announcement carries it.</summary>
/// <param name="Generation">Number of the world.</param>
/// <param name="Timeline">Branch of the run.</param>
public sealed record WorldIdentity(long Generation, int Timeline);
