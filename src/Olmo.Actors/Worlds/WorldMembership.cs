using System.Collections.Immutable;

namespace Olmo.Actors.Worlds;

/// <summary>Who is in the next world, and at which position.</summary>
public static class WorldMembership
{
    /// <summary>
    /// Survivors keep their order; a spare takes the place of a member that is gone, so that as little state as possible moves; without a spare the place closes; spares
    /// that are left are appended while the recipe wants more ranks. Spares are taken by rising number. Survivors are never sent away.
    /// </summary>
    /// <param name="recipe">The recipe's numbers.</param>
    /// <param name="former">Members before, by position.</param>
    /// <param name="living">Ranks that are there, spares included.</param>
    public static ImmutableArray<int> Next(WorldRecipe recipe, IReadOnlyList<int> former, IEnumerable<int> living)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(former);
        SortedSet<int> there = [.. living];
        HashSet<int> before = [.. former];
        int survivors = former.Count(there.Contains);
        Queue<int> spares = new(there.Where(r => !before.Contains(r)).Take(Math.Max(0, recipe.WantedRanks - survivors)));
        ImmutableArray<int>.Builder members = ImmutableArray.CreateBuilder<int>();
        foreach (int rank in former)
        {
            if (there.Contains(rank))
            {
                members.Add(rank);
            }
            else if (spares.TryDequeue(out int spare))
            {
                members.Add(spare);
            }
        }

        members.AddRange(spares);
        return members.ToImmutable();
    }
}
