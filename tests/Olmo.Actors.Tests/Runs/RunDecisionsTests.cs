using System.Collections.Immutable;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Data.Instances;
using Olmo.Runtime.Hocon;

namespace Olmo.Actors.Tests.Runs;

public sealed class RunDecisionsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly RunPolicy RollsBack = new(2, TimeSpan.FromMinutes(10), 5, new RollBackPolicy(10, 20, 100));
    private static readonly RunPolicy Policy = new(MaxFaults: 2, FaultWindow: TimeSpan.FromMinutes(10), MaxFaultsWithoutProgress: 5);

    [Fact]
    public void Open_NewRun_IsCreated()
    {
        RunDecision decision = RunDecisions.Open(RunState.Initial, Recipe(), acceptNewTimeline: false, lastCommittedStep: 0);

        Assert.Equal([Recipe()], decision.Events, RunEventComparer.Instance);
    }

    [Fact]
    public void Open_SameRecipe_ChangesNothing()
    {
        RunState state = Fold(Recipe());

        Assert.Empty(RunDecisions.Open(state, Recipe(), acceptNewTimeline: false, lastCommittedStep: 50).Events);
    }

    [Fact]
    public void Open_ChangedNumericKey_StopsAndNamesKeyAndBothValues()
    {
        RunState state = Fold(Recipe());

        RunDecision decision = RunDecisions.Open(state, Recipe("2e-3"), acceptNewTimeline: false, lastCommittedStep: 50);

        RunStopped stopped = Assert.IsType<RunStopped>(Assert.Single(decision.Events));
        Assert.Equal(StopReason.RecipeChanged, stopped.Reason);
        Assert.Contains("optimizer.learning-rate: 1e-3 -> 2e-3", stopped.Detail, StringComparison.Ordinal);
        Assert.Contains("--new-timeline", stopped.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ChangedNumericKeyAccepted_OpensATimelineAtTheNewestCommit()
    {
        RunState state = Fold(Recipe());

        RunDecision decision = RunDecisions.Open(state, Recipe("2e-3"), acceptNewTimeline: true, lastCommittedStep: 50);

        TimelineOpened opened = Assert.IsType<TimelineOpened>(Assert.Single(decision.Events));
        Assert.Equal((1, 50L), (opened.Timeline, opened.FromStep));
        Assert.Empty(RunDecisions.Open(Fold(Recipe(), opened), Recipe("2e-3"), acceptNewTimeline: false, lastCommittedStep: 50).Events);
    }

    [Fact]
    public void Open_OtherDevice_StopsAndNamesBothNumericsIdsAndTheKey()
    {
        RunState state = Fold(Recipe());

        RunDecision decision = RunDecisions.Open(state, OnAnotherDevice(), acceptNewTimeline: false, lastCommittedStep: 50);

        RunStopped stopped = Assert.IsType<RunStopped>(Assert.Single(decision.Events));
        Assert.Equal(StopReason.RecipeChanged, stopped.Reason);
        Assert.Contains("numerics id: n1 -> another device", stopped.Detail, StringComparison.Ordinal);
        Assert.Contains("compute.device: (absent) -> cuda", stopped.Detail, StringComparison.Ordinal);
        Assert.Contains("--new-timeline", stopped.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_OtherNumericsIdAccepted_OpensATimelineThatHasIt(bool changesKeys)
    {
        RunCreated other = changesKeys ? OnAnotherDevice() : Recipe() with { NumericsId = "another device" };

        RunDecision decision = RunDecisions.Open(Fold(Recipe()), other, acceptNewTimeline: true, lastCommittedStep: 50);

        TimelineOpened opened = Assert.IsType<TimelineOpened>(Assert.Single(decision.Events));
        Assert.Equal((1, 50L, "another device"), (opened.Timeline, opened.FromStep, opened.NumericsId));
        Assert.Contains("numerics id: n1 -> another device", opened.Reason, StringComparison.Ordinal);
        RunState state = Fold(Recipe(), opened);
        Assert.Empty(RunDecisions.Open(state, other, acceptNewTimeline: false, lastCommittedStep: 50).Events);
        Assert.IsType<RunStopped>(Assert.Single(RunDecisions.Open(state, Recipe(), acceptNewTimeline: false, lastCommittedStep: 50).Events));
    }

    [Fact]
    public void RollBack_KeepsTheNumericsIdOfTheTimeline()
    {
        RunState state = Fold(Recipe(), new TimelineOpened(1, 50, Recipe().NumericSettings, "another device", 100, NumericsId: "another device"));

        TimelineOpened opened = Assert.IsType<TimelineOpened>(RunDecisions.RollBack(state, RollsBack, FaultKind.RunSpiked, "spikes", 80, 60).Events[0]);

        Assert.Equal("another device", Fold(state, [opened]).NumericsId);
    }

    [Fact]
    public void Convict_GoesBackOnANewTimeline_ToWhereTheRankWasKnownToBeRight()
    {
        RunState state = Audited(new AuditPassed(3, 50, 4, 1, 2), new AuditPassed(3, 100, 4, 2, 0));

        RunDecision decision = RunDecisions.Convict(state, Policy, Ended(AuditOutcome.Convicted, 1), backTo: 40, Start);

        RankConvicted convicted = Assert.IsType<RankConvicted>(decision.Events[0]);
        Assert.Equal((1, 150L, 50L, 1), (convicted.RankId, convicted.Step, convicted.CleanStep, convicted.Times));
        TimelineOpened opened = Assert.IsType<TimelineOpened>(decision.Events[1]);
        Assert.Equal((1, 40L, false), (opened.Timeline, opened.FromStep, opened.CarriesState));
        Assert.Null(opened.Discarded);
        Assert.Equal(1, Fold(state, decision.Events).Convictions);
    }

    [Fact]
    public void Convict_OneTooMany_Stops()
    {
        RunState state = Audited(Conviction(0), Conviction(2));

        RunDecision decision = RunDecisions.Convict(state, Policy, Ended(AuditOutcome.Convicted, 1), backTo: 0, Start);

        Assert.Equal(StopReason.RankFailed, Assert.IsType<RunStopped>(decision.Events[^1]).Reason);
    }

    [Fact]
    public void Convict_Nobody_StopsWithAReasonOfItsOwn() => Assert.Equal(
        StopReason.AuditUndecided,
        Assert.IsType<RunStopped>(Assert.Single(RunDecisions.Convict(Audited(), Policy, Ended(AuditOutcome.Undecided, -1), 0, Start).Events)).Reason);

    [Fact]
    public void CleanStep_IsTheEarliestOfTheMembers_AndOfNewOnesTheirFirst()
    {
        RunState state = Audited(new AuditPassed(3, 50, 4, 1, 2), new AuditPassed(3, 100, 4, 2, 0));

        Assert.Equal((100L, 50L, 100L), (state.CleanStepOf(0), state.CleanStepOf(1), state.CleanStepOf(2)));
        Assert.Equal(50, state.CleanStep);
        RunState grown = Fold(state, [new WorldFormed(4, [new WorldMember(0, 3), new WorldMember(2, 3), new WorldMember(7, 4)], 120, StateSource.Survivors, "r")]);
        Assert.Equal((100L, 120L, 0L), (grown.CleanStep, grown.CleanStepOf(7), grown.CleanStepOf(1)));
        RunState back = Fold(grown, [new WorldFormed(5, [new WorldMember(0, 5), new WorldMember(2, 5)], 60, StateSource.Checkpoint, "r")]);
        Assert.Equal(60, back.CleanStep);
    }

    [Fact]
    public void SumsVoided_AreCountedAgainstTheSuspects()
    {
        RunState state = Audited(new SumsVoided(3, 9, 0, 1, [2], Start), new SumsVoided(3, 10, 0, 1, [2, 0], Start));

        Assert.Equal([1, 0, 2], state.Ranks.Select(r => r.VoidSums));
    }

    private static RunState Audited(params RunEvent[] events) => Fold(
        Fold(
            Recipe(), new GenerationStarted(3, 7, 0, 0, "start"),
            new WorldFormed(3, [new WorldMember(0, 3), new WorldMember(1, 3), new WorldMember(2, 3)], 0, StateSource.Initial, "r")),
        events);

    private static AuditEnded Ended(AuditOutcome outcome, int convicted) => new(3, 150, 4, 1, 2, outcome, convicted);

    private static RankConvicted Conviction(int rank) => new(3, rank, 9, 0, 1, "r", Start);

    [Fact]
    public void RollBack_OpensATimelineAndDiscardsTheBatchesSince()
    {
        RunState state = Fold(Recipe(), new GenerationStarted(3, 7, 0, 0, "start"));

        RunDecision decision = RunDecisions.RollBack(state, RollsBack, FaultKind.RunSpiked, "spikes", 60, 40);

        TimelineOpened opened = Assert.IsType<TimelineOpened>(Assert.Single(decision.Events));
        Assert.Equal((1, 40L, new BatchRange(41, 60), 60L), (opened.Timeline, opened.FromStep, opened.Discarded, opened.AtStep));
        RunState next = RunState.Apply(state, opened);
        Assert.Equal([40L, 61, 62], ((long[])[40, 41, 42]).Select(next.Data.BatchOf));
        Assert.True(next.Lineage.Counts(0, 40));
        Assert.False(next.Lineage.Counts(0, 41));
    }

    [Fact]
    public void RollBack_AgainInsideTheWindow_StopsWithItsReason()
    {
        RunState state = Fold(Recipe(), RunDecisions.RollBack(Fold(Recipe()), RollsBack, FaultKind.RunNotFinite, "NaN", 60, 40).Events[0]);

        RunStopped stopped = Assert.IsType<RunStopped>(Assert.Single(RunDecisions.RollBack(state, RollsBack, FaultKind.RunNotFinite, "NaN", 159, 140).Events));
        Assert.Equal((StopReason.NonFinite, 159L), (stopped.Reason, stopped.Step));
        Assert.Contains("loss.rollback-window = 100", stopped.Detail, StringComparison.Ordinal);
        Assert.Equal(StopReason.LossSpiked, Assert.IsType<RunStopped>(RunDecisions.RollBack(state, RollsBack, FaultKind.RunSpiked, "spikes", 61, 50).Events[0]).Reason);
        TimelineOpened later = Assert.IsType<TimelineOpened>(Assert.Single(RunDecisions.RollBack(state, RollsBack, FaultKind.RunNotFinite, "NaN", 160, 140).Events));
        Assert.Equal(new BatchRange(161, 180), later.Discarded);
        Assert.Equal("discarded 41-60,161-180; quarantined none", RunState.Apply(state, later).Data.ToString());
    }

    [Fact]
    public void RollBack_WithoutAPolicy_Stops()
    {
        Assert.Equal(StopReason.NonFinite, Assert.IsType<RunStopped>(RunDecisions.RollBack(Fold(Recipe()), Policy, FaultKind.RunNotFinite, "NaN", 60, 40).Events[0]).Reason);
    }

    [Fact]
    public void RankFailed_SameGroupInTwoRanks_IsQuarantinedOnANewTimelineThatCarriesTheState()
    {
        RunState state = Two(Poison(1, "System.FormatException"));

        RunDecision decision = Failed(state, Poison(2, "System.FormatException"));

        Assert.IsType<RankFaulted>(decision.Events[0]);
        GroupQuarantined quarantined = Assert.IsType<GroupQuarantined>(decision.Events[1]);
        TimelineOpened opened = Assert.IsType<TimelineOpened>(decision.Events[2]);
        Assert.Equal((9L, 5, 9L, 8L, true), (quarantined.Step, quarantined.Group, quarantined.Batch, opened.FromStep, opened.CarriesState));
        Assert.Equal("1,2", string.Join(',', quarantined.Ranks));
        RunState next = decision.Events.Aggregate(state, RunState.Apply);
        Assert.Equal((1, 0), (next.Timeline, next.CarriedTimeline));
        Assert.True(next.Data.IsQuarantined(9, 5));
        Assert.Empty(RunDecisions.Suspicions(next));
    }

    [Fact]
    public void RankFailed_WithoutTwoEqualWitnesses_QuarantinesNothing()
    {
        RankFaulted first = Poison(1, "System.FormatException");
        foreach (RankFaulted second in (RankFaulted[])[
            Poison(1, "System.FormatException"), Poison(2, "System.DivideByZeroException"), Poison(2, "System.FormatException") with { Group = 6 },
            Poison(2, "System.FormatException") with { Step = 10 }, Poison(2, "System.FormatException") with { Kind = FaultKind.ProcessLost },
            Poison(2, "System.FormatException") with { Group = -1 }])
        {
            Assert.IsType<RankFaulted>(Assert.Single(Failed(Two(first), second).Events));
        }

        Assert.Equal([new GroupSuspicion(9, 5, 1)], RunDecisions.Suspicions(Two(first)));
    }

    [Fact]
    public void RankFailed_TwoGenerationsOfTheOnlyRank_AreTwoWitnesses()
    {
        RunState state = Fold(Recipe(), new GenerationStarted(3, 7, 0, 0, "start"), new WorldFormed(3, [new WorldMember(1, 3)], 0, StateSource.Initial, "start"), Poison(1, "E"));
        Assert.IsType<RankFaulted>(Assert.Single(Failed(state, Poison(1, "E")).Events));
        state = RunState.Apply(state, new GenerationStarted(4, 7, 0, 0, "again"));
        Assert.IsType<GroupQuarantined>(Failed(state, Poison(1, "E") with { Generation = 4 }).Events[1]);
    }

    [Fact]
    public void Faults_OfALongRun_AreBounded()
    {
        RunState state = Fold(Recipe(), new GenerationStarted(3, 7, 0, 0, "start"));
        for (int i = 0; i < 3 * RunState.MaxFaultsKept; i++)
        {
            state = RunState.Apply(state, new RankFaulted(3, FaultKind.Compute, "boom", i, Start.AddHours(i)));
        }

        Assert.Equal(RunState.MaxFaultsKept, state.Faults.Count);
        Assert.Equal((3L * RunState.MaxFaultsKept) - 1, state.Faults[^1].Step);
    }

    [Fact]
    public void RankFailed_SameCheckpointUnreadableAgainAndAgain_StopsForNoProgress()
    {
        RunState state = Fold(Recipe());
        StopReason? reason = null;
        for (int i = 0; i < 10 && reason is null; i++)
        {
            state = Fold(state, [new GenerationStarted(i + 1, 7, 0, 12, "again")]);
            state = Fold(state, RunDecisions.RankFailed(state, Policy with { MaxFaultsWithoutProgress = 2 }, i + 1, FaultKind.UnreadableCheckpoint, "torn", 12, Start.AddSeconds(i)).Events);
            reason = state.Stopped?.Reason;
        }

        Assert.Equal(StopReason.NoProgress, reason);
    }

    [Fact]
    public void RankFailed_EveryCheckpointUnreadable_GoesOnToOlderOnes()
    {
        RunState state = Fold(Recipe());
        for (int i = 0; i < 10; i++)
        {
            state = Fold(state, [new GenerationStarted(i + 1, 7, 0, 100 - i, "again")]);
            state = Fold(state, RunDecisions.RankFailed(state, Policy, i + 1, FaultKind.UnreadableCheckpoint, "torn", 100 - i, Start.AddSeconds(i)).Events);
        }

        Assert.Null(state.Stopped);
    }

    [Fact]
    public void RankFailed_OlderGeneration_HasNoEffect()
    {
        RunState state = Fold(Recipe(), new GenerationStarted(3, 7, 0, 0, "start"));

        Assert.Empty(RunDecisions.RankFailed(state, Policy, 2, FaultKind.Compute, "late", 5, Start).Events);
    }

    [Fact]
    public void RankFailed_BudgetSpent_StopsWithTheKindsReason()
    {
        RunState state = Fold(Recipe(), new GenerationStarted(1, 7, 0, 0, "start"));
        for (int i = 0; i < Policy.MaxFaults; i++)
        {
            RunDecision tolerated = RunDecisions.RankFailed(state, Policy, 1, FaultKind.Loader, "read error", 10 + i, Start.AddSeconds(i));
            Assert.IsType<RankFaulted>(Assert.Single(tolerated.Events));
            state = Fold(state, tolerated.Events);
        }

        RunDecision last = RunDecisions.RankFailed(state, Policy, 1, FaultKind.Loader, "read error", 20, Start.AddSeconds(9));

        RunStopped stopped = Assert.IsType<RunStopped>(last.Events[^1]);
        Assert.Equal(StopReason.DataUnreadable, stopped.Reason);
        Assert.Contains("budget is 2", stopped.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void RankFailed_OldFaultsLeftTheWindow_GoesOn()
    {
        RunState state = Fold(Recipe(), new GenerationStarted(1, 7, 0, 0, "start"));
        for (int i = 0; i < 20; i++)
        {
            RunDecision decision = RunDecisions.RankFailed(state, Policy, 1, FaultKind.Compute, "boom", 100 * (i + 1), Start.AddMinutes(6 * i));
            Assert.IsType<RankFaulted>(Assert.Single(decision.Events));
            state = Fold(state, decision.Events);
        }
    }

    [Fact]
    public void RankFailed_SameStepAgainAndAgain_StopsForNoProgress()
    {
        RunPolicy generous = Policy with { MaxFaults = 100, MaxFaultsWithoutProgress = 2 };
        RunState state = Fold(Recipe(), new GenerationStarted(1, 7, 0, 0, "start"));
        StopReason? reason = null;
        for (int i = 0; i < 4 && reason is null; i++)
        {
            RunDecision decision = RunDecisions.RankFailed(state, generous, 1, FaultKind.Compute, "poison", 42, Start.AddSeconds(i));
            state = Fold(state, decision.Events);
            reason = state.Stopped?.Reason;
        }

        Assert.Equal(StopReason.NoProgress, reason);
    }

    [Theory]
    [InlineData(FaultKind.NonFinite, StopReason.NonFinite)]
    [InlineData(FaultKind.StorageFull, StopReason.StorageFull)]
    public void RankFailed_FaultThatARestartCannotMend_StopsAtOnce(FaultKind kind, StopReason expected)
    {
        RunState state = Fold(Recipe(), new GenerationStarted(1, 7, 0, 0, "start"));

        RunDecision decision = RunDecisions.RankFailed(state, Policy, 1, kind, "why", 5, Start);

        Assert.Equal(expected, Fold(state, decision.Events).Stopped?.Reason);
    }

    [Fact]
    public void StartGeneration_Numbers_NeverRepeat()
    {
        RunState state = Fold(Recipe());
        for (long expected = 1; expected <= 5; expected++)
        {
            RunDecision decision = RunDecisions.StartGeneration(state, token: 9, resumeStep: 0, "again");
            Assert.Equal(expected, Assert.IsType<GenerationStarted>(Assert.Single(decision.Events)).Generation);
            state = Fold(state, decision.Events);
        }
    }

    private static RunCreated Recipe(string learningRate = "1e-3") => new(
        "test", "n1", ImmutableSortedDictionary<string, string>.Empty.Add("optimizer.learning-rate", learningRate).Add("run.seed", "1"), "layout", "data", 100);

    private static RunCreated OnAnotherDevice() =>
        Recipe() with { NumericsId = "another device", NumericSettings = ((ImmutableSortedDictionary<string, string>)Recipe().NumericSettings).Add("compute.device", "cuda") };

    private static RunState Fold(params RunEvent[] events) => Fold(RunState.Initial, events);

    private static RunState Fold(RunState state, IEnumerable<RunEvent> events) => events.Aggregate(state, RunState.Apply);

    private sealed class RunEventComparer : IEqualityComparer<RunEvent>
    {
        public static RunEventComparer Instance { get; } = new();

        public bool Equals(RunEvent? x, RunEvent? y) => x is RunCreated a && y is RunCreated b
            && a.Run == b.Run && a.TotalSteps == b.TotalSteps && SettingsChange.Between(a.NumericSettings, b.NumericSettings).Count == 0;

        public int GetHashCode(RunEvent obj) => 0;
    }

    private static RankFaulted Poison(int rank, string type) => new(3, FaultKind.Compute, "poison", 9, Start, rank, 5, type);

    private static RunState Two(RankFaulted fault) =>
        Fold(Recipe(), new GenerationStarted(3, 7, 0, 0, "start"), new WorldFormed(3, [new WorldMember(1, 3), new WorldMember(2, 3)], 0, StateSource.Initial, "start"), fault);

    private static RunDecision Failed(RunState state, RankFaulted fault) => RunDecisions.RankFailed(
        state, Policy with { MaxFaults = 9 }, fault.Generation, fault.Kind, fault.Message, fault.Step, fault.At, fault.RankId, fault.Group, fault.ErrorType);
}
