using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Olmo.Actors.Runs;

/// <summary>Published on the event stream when all members of a new world are ready: where it came from and what that took.</summary>
/// <param name="Generation">The world.</param>
/// <param name="Kind">How it came from the one before.</param>
/// <param name="Members">Its ranks by position.</param>
/// <param name="Lost">Ranks of the world before that are not in it.</param>
/// <param name="StateStep">Steps that its state has seen.</param>
/// <param name="NewestStep">The newest step that any rank reported; below <paramref name="StateStep"/> only where no rank had a state.</param>
/// <param name="Recomputed">Groups that are computed by another rank than the one that they were dealt to.</param>
/// <param name="RecomputedOfLiving">Those of them that a living rank had computed: none, where the protocol holds.</param>
/// <param name="MovedBytes">Bytes of state and of base sums that came from other ranks.</param>
/// <param name="Attempts">Worlds that were begun until one was ready.</param>
/// <param name="DetectedAt">When the first loss was known here.</param>
/// <param name="Times">Where the time went.</param>
/// <param name="Reason">One sentence for a person.</param>
public sealed record WorldRecovered(
    long Generation, RecoveryKind Kind, ImmutableArray<int> Members, ImmutableArray<int> Lost, long StateStep, long NewestStep, int Recomputed, int RecomputedOfLiving,
    long MovedBytes, int Attempts, DateTimeOffset DetectedAt, RecoveryTimes Times, string Reason);

/// <summary>The parts of a recovery until its world is ready.</summary>
/// <param name="Detect">From the first failed connection to the supervisor's knowledge.</param>
/// <param name="Number">The fault and the number of the generation were journalled.</param>
/// <param name="Reports">Every living rank promised and reported.</param>
/// <param name="Plan">The plan was made (from a checkpoint: after its manifest was read) and its members journalled.</param>
/// <param name="Form">From the plan's sending until all members were ready; what follows is inside it.</param>
/// <param name="Warm">The slowest rank made its engine.</param>
/// <param name="Take">The slowest rank put in place what it keeps or loads.</param>
/// <param name="Connect">The slowest rank's mesh became whole.</param>
/// <param name="Transfer">The slowest rank got state, base and parameters.</param>
/// <param name="Abandoned">Worlds that were begun and lost a member before they were ready.</param>
public sealed record RecoveryTimes(
    TimeSpan Detect, TimeSpan Number, TimeSpan Reports, TimeSpan Plan, TimeSpan Form, TimeSpan Warm, TimeSpan Take, TimeSpan Connect, TimeSpan Transfer, TimeSpan Abandoned)
{
    /// <summary>Journal, reports and plan.</summary>
    [JsonIgnore]
    public TimeSpan Agree => Number + Reports + Plan;

    /// <summary>All until the world was ready.</summary>
    [JsonIgnore]
    public TimeSpan Total => Detect + Agree + Form + Abandoned;
}

/// <summary>Published on the event stream when the first step of a new world is done.</summary>
/// <param name="Recovered">The world.</param>
/// <param name="Step">That step; 0 where the world ended before one was done.</param>
/// <param name="Redo">From the world's being ready to the end of that step: what was left of it to compute, or to compute again.</param>
/// <param name="StepsLost">Steps that were done before and are done again.</param>
/// <param name="At">When that step was done.</param>
public sealed record WorldResumed(WorldRecovered Recovered, long Step, TimeSpan Redo, long StepsLost, DateTimeOffset At);
