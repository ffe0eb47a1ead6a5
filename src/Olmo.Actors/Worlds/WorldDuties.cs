using Olmo.Model.Steps;

namespace Olmo.Actors.Worlds;

/// <summary>Who contributes what in a step of a world: by the plan in its first step, by the plain deal after that.</summary>
public static class WorldDuties
{
    /// <summary>Groups that the own sum of a replica's owner must hold before it is exchanged.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="world">Its <see cref="GenerationPlan.World"/>.</param>
    /// <param name="step">The step, above m.</param>
    /// <param name="range">Place of the range.</param>
    /// <param name="replica">The replica.</param>
    public static GroupMask ExpectedOwn(GenerationPlan plan, WorldPlan world, long step, int range, int replica)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(world);
        return step > plan.StateStep + 1 ? PlainOwn(world, replica) : FirstOwn(plan, world, plan.UseOfRange[range], replica);
    }

    /// <summary>The same in every step of the plain deal.</summary>
    public static GroupMask PlainOwn(WorldPlan world, int replica)
    {
        ArgumentNullException.ThrowIfNull(world);
        (int first, int end) = world.RanksOf(replica);
        return GroupMask.Range(world.GroupsOf(first).First, world.GroupsOf(end - 1).End);
    }

    /// <summary>The same in the first step, for the ranges of one list of contributions.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="world">Its <see cref="GenerationPlan.World"/>.</param>
    /// <param name="use">Index into <see cref="GenerationPlan.Uses"/>.</param>
    /// <param name="replica">The replica.</param>
    public static GroupMask FirstOwn(GenerationPlan plan, WorldPlan world, int use, int replica)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(world);
        (int first, int end) = world.RanksOf(replica);
        GroupMask all = default;
        foreach (Atom atom in plan.Uses[use])
        {
            int position = plan.PositionOf(atom.Rank);
            if (position >= first && position < end)
            {
                all |= atom.Groups;
            }
        }

        return all;
    }

    /// <summary>Groups that a member's local accumulator sums in a step.</summary>
    public static GroupMask RunOf(GenerationPlan plan, WorldPlan world, long step, int position)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(world);
        if (step == plan.StateStep + 1)
        {
            return plan.Deals[position].Run;
        }

        (int first, int end) = world.GroupsOf(position);
        return GroupMask.Range(first, end);
    }
}
