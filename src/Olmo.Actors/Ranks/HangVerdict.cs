using System.Collections.Immutable;

namespace Olmo.Actors.Ranks;

/// <summary>What the supervisor of ranks makes of sections that take too long. Pure.</summary>
/// <param name="Action">What is done.</param>
/// <param name="Culprits">Ranks whose processes end.</param>
public sealed record HangVerdict(HangAction Action, ImmutableArray<int> Culprits)
{
    /// <summary>Judges.</summary>
    /// <param name="members">Ranks of the world.</param>
    /// <param name="answers">Where those are that said so in time.</param>
    /// <remarks>
    /// Who is over the limit of work of its own is stuck. Who waits for too long is the victim of somebody: of those that gave no answer; of nobody as long as a rank works
    /// inside its limit; and if all wait, for each other, the world has lost a message and is formed anew.
    /// </remarks>
    public static HangVerdict Of(IReadOnlyList<int> members, IReadOnlyList<WorkDescribed> answers)
    {
        ArgumentNullException.ThrowIfNull(members);
        ArgumentNullException.ThrowIfNull(answers);
        ImmutableArray<int> stuck = [.. answers.Where(a => a.IsOverdue && !SectionLimits.WaitsForOthers(a.Section)).Select(a => a.RankId).Where(members.Contains).Distinct().Order()];
        if (stuck.Length > 0)
        {
            return new HangVerdict(HangAction.Replace, stuck);
        }

        if (!answers.Any(a => a.IsOverdue))
        {
            return new HangVerdict(HangAction.Nothing, []);
        }

        ImmutableArray<int> mute = [.. members.Except(answers.Select(a => a.RankId)).Order()];
        if (mute.Length > 0)
        {
            return new HangVerdict(HangAction.Replace, mute);
        }

        // A rank whose state still comes makes progress: others wait for it, and it does not wait for them.
        return answers.Any(a => !SectionLimits.WaitsForOthers(a.Section) || (a.Section is RankSection.Setup && !a.IsOverdue))
            ? new HangVerdict(HangAction.Nothing, [])
            : new HangVerdict(HangAction.FormAnew, []);
    }
}

/// <summary>What is done about a hang.</summary>
public enum HangAction
{
    /// <summary>Somebody works inside its limit: the others go on waiting.</summary>
    Nothing,

    /// <summary>Processes end, and a world is formed without them.</summary>
    Replace,

    /// <summary>A world is formed of the same ranks.</summary>
    FormAnew,
}
