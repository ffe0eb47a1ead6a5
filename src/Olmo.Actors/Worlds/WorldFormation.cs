using System.Collections.Immutable;
using Olmo.Actors.Checkpoints;
using Olmo.Model.Steps;

namespace Olmo.Actors.Worlds;

/// <summary>
/// Forms the next world from what its ranks report: a pure function, so that every coordinator comes to the same plan. Rules 10, 11 and 14 to 16 of the
/// step protocol; per range what the checked model does per shard.
/// </summary>
public static class WorldFormation
{
    /// <summary>Plans a world that goes on from what survivors hold.</summary>
    /// <param name="generation">Its number, already journalled; every report was given for it.</param>
    /// <param name="timeline">Branch of the run; state of another is ignored.</param>
    /// <param name="recipe">The recipe's numbers.</param>
    /// <param name="former">
    /// Members by position of the newest generation whose plan may have been sent (journalled before it was). A rank that is not among them, or that reports a
    /// generation before it joined, was left out of a world: it is a spare, whatever it holds.
    /// </param>
    /// <param name="reports">One per living rank, spares included, in any order.</param>
    /// <param name="rules">Null: all.</param>
    /// <param name="suspicions">Groups that ranks failed at: another rank is dealt them, if there is one.</param>
    /// <exception cref="ArgumentException">A report was given for another number, or a rank reports twice.</exception>
    /// <exception cref="InvalidDataException">A report contradicts the recipe.</exception>
    public static FormationResult Plan(
        long generation, int timeline, WorldRecipe recipe, IReadOnlyList<WorldMember> former, IReadOnlyList<WorldReport> reports, ProtocolRules? rules = null,
        IReadOnlyList<GroupSuspicion>? suspicions = null)
    {
        WorldReport[] ordered = Checked(generation, recipe, former, reports);
        ImmutableArray<int> members = WorldMembership.Next(recipe, [.. former.Select(m => m.RankId)], ordered.Select(r => r.RankId));
        if (members.Length < Math.Max(1, recipe.MinRanks))
        {
            return new FormationResult.TooFewRanks(members.Length, recipe.MinRanks);
        }

        Dictionary<int, long> since = former.ToDictionary(m => m.RankId, m => m.Since);
        ImmutableArray<WorldReport> survivors = [.. ordered.Where(r => IsSurvivor(r, timeline, since, rules))];
        HashSet<int> survivorIds = [.. survivors.Select(r => r.RankId)];
        ImmutableArray<long> beginnings =
            [.. members.Select(rank => since.TryGetValue(rank, out long begun) && survivorIds.Contains(rank) ? begun : generation)];
        return new FormationFromSurvivors(generation, timeline, recipe, members, beginnings, survivors, rules, suspicions ?? []).Plan();
    }

    /// <summary>Plans a world whose state comes from a checkpoint, or is initial; whatever its ranks hold is dropped.</summary>
    /// <param name="generation">Its number, already journalled.</param>
    /// <param name="timeline">Branch of the run.</param>
    /// <param name="recipe">The recipe's numbers.</param>
    /// <param name="former">Members of the generation before, by position; empty for the first.</param>
    /// <param name="ranks">Living ranks, spares included.</param>
    /// <param name="manifest">The checkpoint; null for the initial state.</param>
    /// <param name="suspicions">Groups that ranks failed at: another rank is dealt them, if there is one.</param>
    public static FormationResult FromState(
        long generation, int timeline, WorldRecipe recipe, IReadOnlyList<WorldMember> former, IEnumerable<int> ranks, CheckpointManifest? manifest,
        IReadOnlyList<GroupSuspicion>? suspicions = null)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(former);
        ArgumentNullException.ThrowIfNull(ranks);
        ImmutableArray<int> members = WorldMembership.Next(recipe, [.. former.Select(m => m.RankId)], ranks);
        return FromStep(
            generation, timeline, recipe, WithoutSuspects(recipe, members, suspicions ?? []), manifest is null ? StateSource.Initial : StateSource.Checkpoint,
            manifest?.Step ?? 0, manifest);
    }

    internal static FormationResult FromStep(
        long generation, int timeline, WorldRecipe recipe, ImmutableArray<int> members, StateSource source, long step, CheckpointManifest? manifest)
    {
        if (members.Length < Math.Max(1, recipe.MinRanks))
        {
            return new FormationResult.TooFewRanks(members.Length, recipe.MinRanks);
        }

        WorldPlan world = new(members.Length, recipe.Replicas, recipe.Groups, recipe.Shards);
        ImmutableArray<MemberDeal>.Builder deals = ImmutableArray.CreateBuilder<MemberDeal>(members.Length);
        ImmutableArray<Atom>.Builder use = ImmutableArray.CreateBuilder<Atom>(members.Length);
        for (int position = 0; position < members.Length; position++)
        {
            (int first, int end) = world.GroupsOf(position);
            GroupMask run = GroupMask.Range(first, end);
            deals.Add(new MemberDeal(members[position], run, false, []));
            use.Add(new Atom(members[position], run));
        }

        return new FormationResult.Formed(new GenerationPlan
        {
            Generation = generation,
            Timeline = timeline,
            Recipe = recipe,
            Members = members,
            Since = [.. members.Select(_ => generation)],
            StateStep = step,
            Source = source,
            Manifest = manifest,
            Bases = [[]],
            BaseOfRange = RangeIndex.Uniform(recipe.Ranges, 0),
            Uses = [use.MoveToImmutable()],
            UseOfRange = RangeIndex.Uniform(recipe.Ranges, 0),
            Deals = deals.MoveToImmutable(),
        });
    }

    // Everything is loaded anyway: a member that failed at a group changes places with the next one that is not dealt it.
    private static ImmutableArray<int> WithoutSuspects(WorldRecipe recipe, ImmutableArray<int> members, IReadOnlyList<GroupSuspicion> suspicions)
    {
        if (members.Length < 2)
        {
            return members;
        }

        int[] places = [.. members];
        WorldPlan world = new(members.Length, recipe.Replicas, recipe.Groups, recipe.Shards);
        foreach (GroupSuspicion suspicion in suspicions)
        {
            int at = Enumerable.Range(0, places.Length).First(p => world.GroupsOf(p).First <= suspicion.Group && suspicion.Group < world.GroupsOf(p).End);
            if (places[at] == suspicion.Rank)
            {
                int other = (at + 1) % places.Length;
                (places[at], places[other]) = (places[other], places[at]);
            }
        }

        return [.. places];
    }

    private static bool IsSurvivor(WorldReport report, int timeline, Dictionary<int, long> since, ProtocolRules? rules) =>
        report.FormerGeneration > 0 && report.Timeline == timeline
        && ((since.TryGetValue(report.RankId, out long begun) && report.FormerGeneration >= begun) || !(rules?.ThawedIsSpare ?? true));

    private static WorldReport[] Checked(long generation, WorldRecipe recipe, IReadOnlyList<WorldMember> former, IReadOnlyList<WorldReport> reports)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(former);
        ArgumentNullException.ThrowIfNull(reports);
        WorldReport[] ordered = [.. reports.OrderBy(r => r.RankId)];
        for (int i = 0; i < ordered.Length; i++)
        {
            WorldReport report = ordered[i];
            if (report.Generation != generation)
            {
                throw new ArgumentException($"Rank {report.RankId} reports for generation {report.Generation}, not {generation}.", nameof(reports));
            }

            if (i > 0 && ordered[i - 1].RankId == report.RankId)
            {
                throw new ArgumentException($"Rank {report.RankId} reports twice.", nameof(reports));
            }

            report.Pieces.Require(report.Shards.Length * recipe.RangesPerShard, report.Distinct.Length, $"report of rank {report.RankId}");
            for (int s = 0; s < report.Shards.Length; s++)
            {
                if ((uint)report.Shards[s].Shard >= (uint)recipe.Shards || (s > 0 && report.Shards[s].Shard <= report.Shards[s - 1].Shard))
                {
                    throw new InvalidDataException($"report of rank {report.RankId}: shard {report.Shards[s].Shard} at place {s}; ascending and below {recipe.Shards} is expected");
                }
            }
        }

        return ordered;
    }
}
