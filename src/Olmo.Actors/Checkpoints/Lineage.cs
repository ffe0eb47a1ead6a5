using System.Collections.Immutable;

namespace Olmo.Actors.Checkpoints;

/// <summary>Where a timeline of a run begins.</summary>
/// <param name="Timeline">The timeline.</param>
/// <param name="FromStep">Last step that it shares with the one before.</param>
public readonly record struct TimelineBranch(int Timeline, long FromStep);

/// <summary>Which steps of older timelines belong to the history of a run's newest one.</summary>
/// <param name="Timeline">The newest timeline.</param>
/// <param name="Branches">Where the timelines since begin, as far as it still matters: ascending, by timeline and by step.</param>
/// <remarks>Equality of lists is by reference.</remarks>
public sealed record Lineage(int Timeline, ImmutableArray<TimelineBranch> Branches)
{
    /// <summary>A run without branches.</summary>
    public static Lineage First { get; } = new(0, []);

    /// <summary>The lineage after one more timeline. A branch at or below an older one's makes that one meaningless, so that the list stays short.</summary>
    public Lineage Open(int timeline, long fromStep) =>
        new(timeline, [.. Branches.Where(b => b.FromStep < fromStep), new TimelineBranch(timeline, fromStep)]);

    /// <summary>True if a step of a timeline is part of this history.</summary>
    public bool Counts(int timeline, long step)
    {
        if (timeline > Timeline)
        {
            return false;
        }

        foreach (TimelineBranch branch in Branches)
        {
            if (branch.Timeline > timeline && step > branch.FromStep)
            {
                return false;
            }
        }

        return true;
    }
}
