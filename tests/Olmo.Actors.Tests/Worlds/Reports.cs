using System.Collections.Immutable;
using Olmo.Actors.Worlds;
using Olmo.Model.Steps;

namespace Olmo.Actors.Tests.Worlds;

/// <summary>Reports and plans in few words. Every layer of a shard has the same sums.</summary>
internal static class Reports
{
    public const long Generation = 7;

    /// <summary>Three ranks in two replicas: rank 0 owns shard 0, rank 1 shard 1, rank 2 both; runs 0-1, 2 and 3.</summary>
    public static readonly WorldRecipe ThreeRanks = new(3, 1, 2, 4, 2, 1);

    public static readonly ImmutableArray<WorldMember> Members = [new(0, 1), new(1, 1), new(2, 1)];

    public static WorldReport Of(int rank, long parameters, string run, params (int Shard, long Step, string Own, string Foreign)[] shards) =>
        Of(ThreeRanks, rank, parameters, run, shards);

    public static WorldReport Of(
        WorldRecipe recipe, int rank, long parameters, string run, params (int Shard, long Step, string Own, string Foreign)[] shards)
    {
        ImmutableArray<SumPieces> distinct = [.. shards.Select(s => new SumPieces(GroupMask.Parse(s.Own), GroupMask.Parse(s.Foreign))).Distinct()];
        int[] index = [.. shards.SelectMany(s => Enumerable.Repeat(distinct.IndexOf(new SumPieces(GroupMask.Parse(s.Own), GroupMask.Parse(s.Foreign))), recipe.RangesPerShard))];
        return new WorldReport(
            rank, Generation, 6, 0, parameters, GroupMask.Parse(run), GroupMask.Parse(run),
            [.. shards.Select(s => new ShardReport(s.Shard, s.Step, Digest(s.Shard, s.Step)))], distinct, RangeIndex.Of(index), null);
    }

    public static ulong Digest(int shard, long step) => ((ulong)shard << 32) | (ulong)step;

    public static AppliedStep Applied(long step) => new(step, 6, new StepDecision(StepOutcome.Apply, 1.5, 0.5, default, -1), 99);

    public static GenerationPlan Plan(params WorldReport[] reports) => Plan(ThreeRanks, Members, reports);

    public static GenerationPlan Plan(WorldRecipe recipe, IReadOnlyList<WorldMember> former, params WorldReport[] reports)
    {
        GenerationPlan plan = Assert.IsType<FormationResult.Formed>(WorldFormation.Plan(Generation, 0, recipe, former, reports)).Plan;
        AssertWhole(plan);
        return plan;
    }

    /// <summary>In every range base and contributions are disjoint and hold every group, and every owner stands at m or is moved the shard.</summary>
    public static void AssertWhole(GenerationPlan plan)
    {
        for (int range = 0; range < plan.Recipe.Ranges; range++)
        {
            GroupMask all = default;
            foreach (GroupMask groups in plan.RangeAt(range).Base.Select(p => p.Groups).Concat(plan.RangeAt(range).Use.Select(a => a.Groups)))
            {
                Assert.False(all.Overlaps(groups));
                all |= groups;
            }

            Assert.Equal(GroupMask.All(plan.Recipe.Groups), all);
        }
    }
}
