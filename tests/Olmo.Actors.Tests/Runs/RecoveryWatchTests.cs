using System.Collections.Immutable;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Actors.Tests.Runs;

/// <summary>What is said of a change of the world: its kind by the plan and the reports, its parts by the supervisor's clock.</summary>
public sealed class RecoveryWatchTests
{
    private static readonly WorldRecipe Recipe = new(2, 1, 2, 4, 2, 1);
    private readonly VirtualTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public static TheoryData<string, RecoveryKind> Bases => new()
    {
        { "0-3", RecoveryKind.CompleteBase },
        { "0-1", RecoveryKind.PartialBase },
        { "", RecoveryKind.NoBase },
    };

    [Theory]
    [MemberData(nameof(Bases))]
    public void KindOf_OneOfTwoDied_IsWhatTheBaseCovers(string groups, RecoveryKind expected)
    {
        GroupMask held = groups.Length == 0 ? default : GroupMask.Parse(groups);
        GenerationPlan plan = Plan([1, 3], held.IsEmpty ? [] : [new BasePiece(1, PieceKind.Own, held, [3])]);

        Assert.Equal(expected, RecoveryWatch.KindOf(plan, [1, 2], [Report(1, 8)], donorDied: false));
    }

    [Fact]
    public void KindOf_SurvivorsAtTwoSteps_OneHadAppliedIt()
    {
        GenerationPlan plan = Plan([1, 3], []) with { RollForward = new AppliedStep(8, 3, default, 0) };

        Assert.Equal(RecoveryKind.AppliedBySurvivor, RecoveryWatch.KindOf(plan, [1, 2, 3], [Report(1, 8), Report(3, 7)], donorDied: false));
        Assert.Equal(RecoveryKind.NoBase, RecoveryWatch.KindOf(plan, [1, 2, 3], [Report(1, 8), Report(3, 8)], donorDied: false));
    }

    [Fact]
    public void KindOf_NobodyDied_TheWorldGrew() =>
        Assert.Equal(RecoveryKind.Growth, RecoveryWatch.KindOf(Plan([1, 3], []), [1], [Report(1, 8)], donorDied: false));

    [Fact]
    public void KindOf_FromAFile_IsACheckpointWhoeverDied() =>
        Assert.Equal(RecoveryKind.Checkpoint, RecoveryWatch.KindOf(Plan([1, 3], []) with { Source = StateSource.Checkpoint }, [1, 2], [], donorDied: true));

    [Fact]
    public void Ready_AfterALoss_HasTheLapsOfTheClockAndWhatIsComputedAgain()
    {
        RecoveryWatch watch = new(_time);
        DateTimeOffset noticed = _time.GetUtcNow();
        Pass(2);
        watch.Begin(noticed);
        watch.Begin(null); // another word about the same loss
        Pass(3);
        watch.Numbered();
        Pass(4);
        watch.Gathered([Report(1, 8) with { Run = GroupMask.Range(0, 2), Computed = GroupMask.Of(0) }]);
        Pass(5);
        watch.Planned(Plan([1, 3], []) with
        {
            Deals = [new MemberDeal(1, GroupMask.Range(0, 2), true, []), new MemberDeal(3, GroupMask.Range(2, 4), false, [])],
        });
        Pass(6);

        WorldRecovered recovered = watch.Ready(new JoinReport(default, default, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2), 99, false), "why")!;

        Assert.Equal([2, 3, 4, 5, 6, 20], Milliseconds(
            recovered.Times.Detect, recovered.Times.Number, recovered.Times.Reports, recovered.Times.Plan, recovered.Times.Form, recovered.Times.Total));
        Assert.Equal((2, 0, 99L, 1), (recovered.Recomputed, recovered.RecomputedOfLiving, recovered.MovedBytes, recovered.Attempts));
        Assert.Null(watch.Ready(null, "asked again"));
    }

    [Fact]
    public void Ready_AGroupThatALivingRankHadComputedIsDealtAgain_IsCounted()
    {
        RecoveryWatch watch = new(_time);
        watch.Begin(null);
        watch.Gathered([Report(1, 8) with { Run = GroupMask.Range(0, 2), Computed = GroupMask.Range(0, 2) }]);
        watch.Planned(Plan([1], []) with { Since = [1], Deals = [new MemberDeal(1, GroupMask.Range(0, 2), true, [1, 2, 3])] });

        WorldRecovered recovered = watch.Ready(null, "why")!;

        Assert.Equal((3, 1), (recovered.Recomputed, recovered.RecomputedOfLiving));
    }

    [Fact]
    public void Ready_DonorDiesBeforeTheWorldIsReady_TheNextOneSaysSo()
    {
        RecoveryWatch watch = new(_time);
        watch.Begin(null);
        watch.Gathered([Report(1, 8), Report(2, 8)]);
        watch.Planned(Plan([1, 3], []) with { Moves = [new ShardMove(0, 3, [1, 2])] });
        Pass(7);
        watch.Begin(null);
        watch.Gathered([Report(2, 8), Report(3, 8)]);
        watch.Planned(Plan([2, 3], []));

        WorldRecovered recovered = watch.Ready(null, "why")!;

        Assert.Equal((RecoveryKind.DonorDied, 2), (recovered.Kind, recovered.Attempts));
        Assert.Equal(7, recovered.Times.Abandoned.TotalMilliseconds);
    }

    private static GenerationPlan Plan(ImmutableArray<int> members, ImmutableArray<BasePiece> pieces) => new()
    {
        Generation = 4,
        Timeline = 0,
        Recipe = Recipe,
        Members = members,
        Since = [.. members.Select(_ => 1L)],
        StateStep = 8,
        Source = StateSource.Survivors,
        Bases = [pieces],
        BaseOfRange = RangeIndex.Uniform(Recipe.Ranges, 0),
        Uses = [[]],
        UseOfRange = RangeIndex.Uniform(Recipe.Ranges, 0),
        Deals = [.. members.Select(m => new MemberDeal(m, default, true, []))],
    };

    private static WorldReport Report(int rank, long step) =>
        WorldReport.Spare(rank, 4) with { FormerGeneration = 3, ParameterStep = step, Shards = [new ShardReport(0, step, 1)] };

    private void Pass(int milliseconds) => _time.Advance(TimeSpan.FromMilliseconds(milliseconds));

    private static double[] Milliseconds(params TimeSpan[] times) => [.. times.Select(t => t.TotalMilliseconds)];
}
