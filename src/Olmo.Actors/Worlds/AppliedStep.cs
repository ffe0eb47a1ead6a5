using Olmo.Model.Steps;

namespace Olmo.Actors.Worlds;

/// <summary>The newest step that a rank has applied, and what was decided of it: all that a survivor needs to roll forward.</summary>
/// <param name="Step">The step.</param>
/// <param name="Generation">World whose full set of announcements decided it.</param>
/// <param name="Decision">The outcome, a pure function of the announcements.</param>
/// <param name="AnnouncementsDigest">
/// Digest of the announced content of all shards, the same for every rank that saw the set: two ranks that name different digests for one step disagree about it.
/// </param>
public sealed record AppliedStep(long Step, long Generation, StepDecision Decision, ulong AnnouncementsDigest);
