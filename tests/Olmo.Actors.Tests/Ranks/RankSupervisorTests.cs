using System.Collections.Immutable;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Nodes;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Runtime.Actor;
using Olmo.Runtime.TestKit;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>Ranks played by probes: the supervisor of ranks answers for all of them, and only when all have answered.</summary>
public sealed class RankSupervisorTests : VirtualTimeTestKit
{
    private static readonly WorldRecipe Recipe = new(WantedRanks: 2, MinRanks: 1, Replicas: 2, Groups: 12, Shards: 4, Layers: 3);
    private readonly TestProbe _run;
    private readonly TestProbe _checkpoints;
    private readonly TestProbe[] _ranks;
    private readonly IActorRef _supervisor;

    public RankSupervisorTests()
    {
        _run = CreateTestProbe();
        _checkpoints = CreateTestProbe();
        _ranks = [CreateTestProbe(), CreateTestProbe(), CreateTestProbe()];
        RankSupervisorSettings settings = new(2, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(3), () => [1, 2, 3]) { WriteReport = (_, _) => throw new IOException("no room") };
        _supervisor = Sys.ActorOf(Props.Create(() => new RankSupervisor(settings)), "ranks");
    }

    [Fact]
    public void Gather_FirstWorld_WaitsForTheRanksThatAreWanted()
    {
        There(0);
        _supervisor.Tell(new GatherRanks(1), _run.Ref);
        _ranks[0].ExpectMsg<Prepare>();
        Answer(0, 1);
        Settle();
        Assert.False(_run.HasMessages);

        There(0, 1);
        _ranks[1].ExpectMsg<Prepare>();
        Answer(1, 1);

        Assert.Equal([0, 1], _run.ExpectMsg<RanksGathered>().Reports.Select(r => r.RankId));
    }

    [Fact]
    public void Gather_FirstWorldAndPatienceEnds_GoesOnWithThoseThatAreThere()
    {
        There(0);
        _supervisor.Tell(new GatherRanks(1), _run.Ref);
        Answer(0, 1);

        AdvanceAndSettle(TimeSpan.FromSeconds(21));

        Assert.Single(_run.ExpectMsg<RanksGathered>().Reports);
    }

    [Fact]
    public void Gather_OneRankDoesNotAnswer_IsLeftOutAfterTheSilence()
    {
        There(0, 1);
        _supervisor.Tell(new GatherRanks(1), _run.Ref);
        Answer(0, 1);
        AdvanceAndSettle(TimeSpan.FromSeconds(21)); // past the patience, too

        Assert.Equal(0, Assert.Single(_run.ExpectMsg<RanksGathered>().Reports).RankId);
    }

    [Fact]
    public void Gather_AnswerOfAnOlderGeneration_DoesNotCount()
    {
        There(0, 1);
        _supervisor.Tell(new GatherRanks(1), _run.Ref);
        _supervisor.Tell(new GatherRanks(2), _run.Ref);
        Answer(0, 1);
        Answer(1, 1);
        Settle();
        Assert.False(_run.HasMessages);

        Answer(0, 2);
        Answer(1, 2);

        Assert.Equal(2, _run.ExpectMsg<RanksGathered>().Generation);
    }

    [Fact]
    public void Form_AllMembersReady_IsOneAnswer()
    {
        Form();
        FormWorld form = _ranks[0].FishForMessage<FormWorld>(m => true);
        Assert.Equal(["host:0", "host:1"], form.DataPlane.ToArray());
        Assert.Equal("AQID", form.Secret);
        Assert.DoesNotContain("AQID", form.ToString(), StringComparison.Ordinal);

        _supervisor.Tell(new RankReady(1, 0, 0), _ranks[0].Ref);
        Settle();
        Assert.False(_run.HasMessages);
        _supervisor.Tell(new RankReady(1, 0, 1), _ranks[1].Ref);

        _run.ExpectMsg<RankReady>();
    }

    [Fact]
    public void World_MemberEnds_IsAFaultOfTheWorld()
    {
        Train();

        There(0);

        RankFailed failed = _run.ExpectMsg<RankFailed>();
        Assert.Equal((FaultKind.ProcessLost, 1, 1L), (failed.Kind, failed.RankId, failed.Generation));
    }

    [Fact]
    public void World_MemberIsSilent_IsAFaultOfTheWorldAndItIsNotAsked()
    {
        Train();

        There(ready: [0, 1], silent: 1);
        Assert.Equal(1, _run.ExpectMsg<RankFailed>().RankId);
        _supervisor.Tell(new GatherRanks(2), _run.Ref);
        Answer(0, 2);

        Assert.Equal(0, Assert.Single(_run.ExpectMsg<RanksGathered>().Reports).RankId);
    }

    [Fact]
    public void World_MoreRanksThanMembers_AreOfferedAsSpares()
    {
        Train();

        There(0, 1, 2);

        Assert.Equal([2], _run.ExpectMsg<RanksSpare>().Spares.ToArray());
    }

    [Fact]
    public void Stopped_AllMembers_IsOneAnswerAndTheUncommittedOneCounts()
    {
        Train();
        _supervisor.Tell(new RankStopped(1, 7, false, new CheckpointSettled(0, 7, false, "full"), 0), _ranks[0].Ref);
        Settle();
        Assert.False(_run.HasMessages);
        _supervisor.Tell(new RankStopped(1, 7, false, new CheckpointSettled(0, 7, true, ""), 1), _ranks[1].Ref);

        Assert.False(_run.ExpectMsg<RankStopped>().Checkpoint.IsCommitted);
    }

    [Fact]
    public void Adopt_RanksTrain_AnswersTheirWorld()
    {
        There(0, 1);
        _supervisor.Tell(new AdoptWorld(_checkpoints.Ref), _run.Ref);
        _supervisor.Tell(new RankReport(0, 4, 0, RankPhase.Training, 12, null, null), _ranks[0].Ref);
        _supervisor.Tell(new RankReport(1, 4, 0, RankPhase.Training, 13, null, null), _ranks[1].Ref);

        WorldStanding standing = _run.ExpectMsg<WorldStanding>();
        Assert.Equal((4L, RankPhase.Training, 13L), (standing.Generation, standing.Phase, standing.Step));
        Assert.Equal([0, 1], standing.Members.ToArray());
        There(0);
        Assert.Equal(1, _run.ExpectMsg<RankFailed>().RankId);
    }

    [Fact]
    public void Member_Ends_TheCoordinatorOfCheckpointsHearsOfItButNotOfASpare()
    {
        Train();
        There(0, 1, 2);
        There(0, 1);
        Settle();
        Assert.False(_checkpoints.HasMessages);

        There(0);

        Assert.Equal(new MemberDied(1, 1), _checkpoints.ExpectMsg<MemberDied>());
    }

    [Fact]
    public void Member_WasSilentBeforeItEnded_DidNotDieByItself()
    {
        Train();
        There([0, 1], silent: 1);
        There(0);
        Settle();

        Assert.False(_checkpoints.HasMessages);
    }

    [Fact]
    public void Frozen_IsHeardWhileTheWorldThatWentOnLives_IsEnded()
    {
        TestProbe processes = CreateTestProbe();
        GoOnWithoutRank1();

        _supervisor.Tell(new RanksChanged([Entry(0), Entry(1)]), processes.Ref);

        Assert.Equal(1, processes.ExpectMsg<KillProcess>().Rank);
    }

    [Fact]
    public void Frozen_IsHeardWhenTheWorldThatWentOnIsGone_IsTheSpareOfTheNext()
    {
        TestProbe processes = CreateTestProbe();
        GoOnWithoutRank1();

        _supervisor.Tell(new RanksChanged([Entry(1)]), processes.Ref);
        Assert.Equal(0, _run.ExpectMsg<RankFailed>().RankId);
        _supervisor.Tell(new GatherRanks(3), _run.Ref);
        Answer(1, 3);

        Assert.Equal(1, Assert.Single(_run.ExpectMsg<RanksGathered>().Reports).RankId);
        Assert.False(processes.HasMessages);
    }

    [Fact]
    public void Hang_AfterTheWorldChangedWhileMembersWereAsked_IsAskedAndToldAgain()
    {
        Train();
        _supervisor.Tell(new SectionOverdue(1, 0, RankSection.Forward, 5, 30, 20), _ranks[0].Ref);
        _ranks[0].FishForMessage<DescribeWork>(m => m.Generation == 1);
        There([0, 1], silent: 1);
        _run.ExpectMsg<RankFailed>();
        TrainAlone();

        _supervisor.Tell(new SectionOverdue(2, 0, RankSection.Forward, 6, 30, 20), _ranks[0].Ref);
        _ranks[0].FishForMessage<DescribeWork>(m => m.Generation == 2);
        _supervisor.Tell(new WorkDescribed(2, 0, RankSection.Forward, 6, 31, IsOverdue: true, null), _ranks[0].Ref);

        RankFailed hung = _run.ExpectMsg<RankFailed>(); // though its report could not be written
        Assert.Equal((2L, FaultKind.Hung, 0), (hung.Generation, hung.Kind, hung.RankId));
    }

    private RankEntry Entry(int rank) => new(rank, _ranks[rank].Ref, true, false);

    private void GoOnWithoutRank1()
    {
        Train();
        There([0, 1], silent: 1);
        _run.ExpectMsg<RankFailed>();
        TrainAlone();
    }

    private void TrainAlone()
    {
        _supervisor.Tell(new GatherRanks(2), _run.Ref);
        Answer(0, 2);
        ImmutableArray<WorldReport> reports = _run.ExpectMsg<RanksGathered>().Reports;
        FormationResult result = WorldFormation.FromState(2, 0, Recipe, [], reports.Select(r => r.RankId), null);
        _supervisor.Tell(new FormPlan(Assert.IsType<FormationResult.Formed>(result).Plan, _checkpoints.Ref), _run.Ref);
        _supervisor.Tell(new RankReady(2, 0, 0), _ranks[0].Ref);
        _run.ExpectMsg<RankReady>();
        _supervisor.Tell(new Train(2, 20), _run.Ref);
        Settle();
    }

    private void There(params int[] ready) => There(ready, -1);

    private void There(int[] ready, int silent)
    {
        _supervisor.Tell(new RanksChanged([.. ready.Select(r => new RankEntry(r, _ranks[r].Ref, true, r == silent))]), ActorRefs.NoSender);
        Settle();
    }

    private void Answer(int rank, long generation) => _supervisor.Tell(new RankPrepared(WorldReport.Spare(rank, generation), $"host:{rank}"), _ranks[rank].Ref);

    private void Form()
    {
        There(0, 1);
        _supervisor.Tell(new GatherRanks(1), _run.Ref);
        Answer(0, 1);
        Answer(1, 1);
        ImmutableArray<WorldReport> reports = _run.ExpectMsg<RanksGathered>().Reports;
        FormationResult result = WorldFormation.FromState(1, 0, Recipe, [], reports.Select(r => r.RankId), null);
        _supervisor.Tell(new FormPlan(Assert.IsType<FormationResult.Formed>(result).Plan, _checkpoints.Ref), _run.Ref);
    }

    private void Train()
    {
        Form();
        _supervisor.Tell(new RankReady(1, 0, 0), _ranks[0].Ref);
        _supervisor.Tell(new RankReady(1, 0, 1), _ranks[1].Ref);
        _run.ExpectMsg<RankReady>();
        _supervisor.Tell(new Train(1, 20), _run.Ref);
        Settle();
    }
}
