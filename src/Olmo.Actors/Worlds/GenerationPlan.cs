using System.Collections.Immutable;
using System.Text.Json;
using Olmo.Actors.Checkpoints;
using Olmo.Data.Instances;
using Olmo.Model.Steps;

namespace Olmo.Actors.Worlds;

/// <summary>
/// A world of a run and how its first step, m + 1, comes about. Steps after that use the plain deal of <see cref="World"/>. A member's position is its place in
/// <see cref="Members"/>; process numbers are never reused, so a rank is its own incarnation.
/// </summary>
/// <remarks>Equality of lists is by reference: compare the bytes.</remarks>
public sealed record GenerationPlan
{
    /// <summary>Number of the world, journalled before anybody was asked to report for it.</summary>
    public required long Generation { get; init; }

    /// <summary>Branch of the run.</summary>
    public required int Timeline { get; init; }

    /// <summary>The recipe's numbers.</summary>
    public required WorldRecipe Recipe { get; init; }

    /// <summary>Process numbers by position.</summary>
    public required ImmutableArray<int> Members { get; init; }

    /// <summary>
    /// By position, the generation since which each member has been in the world without a break: this one for a newcomer, and for everybody where the state does not come
    /// from survivors.
    /// </summary>
    public required ImmutableArray<long> Since { get; init; }

    /// <summary>m: every owner must stand at it before it announces. 0 is the initial state.</summary>
    public required long StateStep { get; init; }

    /// <summary>Where the state at m comes from.</summary>
    public required StateSource Source { get; init; }

    /// <summary>The checkpoint of <see cref="StateSource.Checkpoint"/>, else null.</summary>
    public CheckpointManifest? Manifest { get; init; }

    /// <summary>
    /// What was decided of step m, if a survivor applied it: every survivor that stands at m - 1 with the whole sum of m applies it by this, also for shards that it
    /// gives away (rule 10). Null if there is nobody who has to.
    /// </summary>
    public AppliedStep? RollForward { get; init; }

    /// <summary>The distinct bases of ranges.</summary>
    public required ImmutableArray<ImmutableArray<BasePiece>> Bases { get; init; }

    /// <summary>Index into <see cref="Bases"/> per range, by <see cref="WorldRecipe.RangeOf"/>.</summary>
    public required RangeIndex BaseOfRange { get; init; }

    /// <summary>The distinct lists of contributions.</summary>
    public required ImmutableArray<ImmutableArray<Atom>> Uses { get; init; }

    /// <summary>Index into <see cref="Uses"/> per range, by <see cref="WorldRecipe.RangeOf"/>.</summary>
    public required RangeIndex UseOfRange { get; init; }

    /// <summary>What each member computes of step m + 1, by position.</summary>
    public required ImmutableArray<MemberDeal> Deals { get; init; }

    /// <summary>State that owners lack; empty where it comes from a checkpoint or is initial.</summary>
    public ImmutableArray<ShardMove> Moves { get; init; } = [];

    /// <summary>Which batch a step takes, and which groups count as zero.</summary>
    public DataCourse Data
    {
        get => field ?? DataCourse.Whole;
        init;
    }

    /// <summary>
    /// Step whose state is saved although the recipe does not name it, in the place of a checkpoint that ended with the world before: named ahead, so that all take it (rule 20). 0: none.
    /// </summary>
    public long SaveStep { get; init; }

    /// <summary>Checkpoints are staged one shard at a time.</summary>
    public bool StagesInTurn { get; init; }

    /// <summary>Members with the generation since which they belong to the world, for the journal and the next formation.</summary>
    public ImmutableArray<WorldMember> Membership() => [.. Members.Select((rank, position) => new WorldMember(rank, Since[position]))];

    /// <summary>Replicas, owners and the deal of later steps, over positions.</summary>
    public WorldPlan World() => new(Members.Length, Recipe.Replicas, Recipe.Groups, Recipe.Shards);

    /// <summary>Plan of a range; layer number <see cref="WorldRecipe.Layers"/> is that of the scalars.</summary>
    public RangePlan RangeOf(int layer, int shard) => RangeAt(Recipe.RangeOf(layer, shard));

    /// <summary>Plan of the range at a place of <see cref="WorldRecipe.RangeOf"/>.</summary>
    public RangePlan RangeAt(int range) => new(Bases[BaseOfRange[range]], Uses[UseOfRange[range]]);

    /// <summary>How an owner gets the state of a shard from donors; null where it has it.</summary>
    public ShardMove? MoveOf(int shard, int owner)
    {
        foreach (ShardMove move in Moves)
        {
            if (move.Shard == shard && move.To == owner)
            {
                return move;
            }
        }

        return null;
    }

    /// <summary>Position of a rank, or -1.</summary>
    public int PositionOf(int rankId) => Members.IndexOf(rankId);

    /// <summary>JSON, UTF-8.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, WorldJson.Default.GenerationPlan);

    /// <summary>Reads a plan.</summary>
    /// <exception cref="InvalidDataException">The bytes are no plan, or contradict themselves.</exception>
    public static GenerationPlan Parse(ReadOnlySpan<byte> bytes)
    {
        GenerationPlan plan = WorldJson.Read(bytes, WorldJson.Default.GenerationPlan, "plan of a generation");
        plan.Check();
        return plan;
    }

    /// <summary>Does it contradict itself? Whoever takes a plan from another process asks.</summary>
    /// <exception cref="InvalidDataException">It does.</exception>
    public void Check()
    {
        BaseOfRange.Require(Recipe.Ranges, Bases.Length, $"bases of generation {Generation}");
        UseOfRange.Require(Recipe.Ranges, Uses.Length, $"contributions of generation {Generation}");
        if (Deals.Length != Members.Length || Since.Length != Members.Length)
        {
            throw new InvalidDataException($"plan of generation {Generation}: {Deals.Length} deals and {Since.Length} beginnings for {Members.Length} members");
        }

        if (Members.Length == 0 || Members.Distinct().Count() != Members.Length)
        {
            throw new InvalidDataException($"plan of generation {Generation}: its members are {string.Join(',', Members)}; at least one, and each once, is expected");
        }
    }
}
