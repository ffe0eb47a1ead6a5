using System.Collections.Immutable;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <summary>From a rank to the supervisor of ranks: something about the numbers of a world that somebody has to decide or to count.</summary>
public interface IRankFinding
{
    /// <summary>The world.</summary>
    long Generation { get; }
}

/// <summary>The owners of a shard announced different sums, or one whose digest is not that of its contributions: the sums are void and made again.</summary>
/// <param name="Generation">The world.</param>
/// <param name="Step">The step.</param>
/// <param name="Attempt">The attempt that is void.</param>
/// <param name="Shard">The first void shard.</param>
/// <param name="Suspects">Ranks whose sums do not fit their contributions; empty where all fit and still differ.</param>
/// <remarks>Told by the rank at position 0 alone.</remarks>
public sealed record SumsVoid(long Generation, long Step, int Attempt, int Shard, ImmutableArray<int> Suspects) : IRankFinding;

/// <summary>An audited step: a group was computed a second time, and the digests were compared before anybody announced.</summary>
/// <param name="Generation">The world.</param>
/// <param name="Step">The step.</param>
/// <param name="Group">The group.</param>
/// <param name="Subject">Whose contribution it was.</param>
/// <param name="Auditor">Who computed it again.</param>
/// <param name="Outcome">Agreed, convicted or undecided.</param>
/// <param name="Convicted">Who computed wrong; -1 where nobody is.</param>
/// <remarks>An audit that agrees is told by the rank at position 0; a conviction by everybody but the convicted, until a new world is formed.</remarks>
public sealed record AuditEnded(long Generation, long Step, int Group, int Subject, int Auditor, AuditOutcome Outcome, int Convicted) : IRankFinding;
