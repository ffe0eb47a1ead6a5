using System.Collections.Immutable;

namespace Olmo.Actors.Worlds;

/// <summary>What a member computes of step m + 1.</summary>
/// <param name="Rank">The member.</param>
/// <param name="Run">
/// Groups that it sums in its local accumulator before they are sent, and keeps until the step is fully announced (rule 3); empty where it has none. A range takes
/// the run whole or not at all.
/// </param>
/// <param name="IsRetained">True if the rank reported this run: whole, or in work; it is never begun again.</param>
/// <param name="Singles">Groups that it recomputes, ascending, each an atom of its own that goes only to ranges that use it (rule 4).</param>
public sealed record MemberDeal(int Rank, GroupMask Run, bool IsRetained, ImmutableArray<int> Singles)
{
    /// <summary>All its groups.</summary>
    public GroupMask Groups
    {
        get
        {
            GroupMask all = Run;
            foreach (int group in Singles)
            {
                all |= GroupMask.Of(group);
            }

            return all;
        }
    }
}
