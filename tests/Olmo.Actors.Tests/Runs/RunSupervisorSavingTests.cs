using System.Collections.Concurrent;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Tests.Worlds;
using Olmo.Actors.Worlds;
using Olmo.Runtime.Actor;

namespace Olmo.Actors.Tests.Runs;

/// <summary>What a plan says of a checkpoint that ended with the world before. Ranks are this test: rank 0 owns shard 0, rank 1 shard 1, rank 2 both.</summary>
public sealed class RunSupervisorSavingTests : IDisposable
{
    private const long Boundary = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly RunHarness _harness = new();
    private readonly BlockingCollection<object> _told = [];
    private readonly ActorSystem _system;
    private readonly IActorRef _ranks;
    private readonly IActorRef _run;
    private IActorRef _checkpoints = ActorRefs.Nobody;
    private long _generation;

    public RunSupervisorSavingTests()
    {
        _system = _harness.StartSystem();
        _ranks = _system.ActorOf(Props.Create(() => new EventRecorder(_told)));
        RunSupervisorSettings settings = _harness.Settings() with { World = Reports.ThreeRanks, RetryAfter = Patience };
        _run = _system.ActorOf(Props.Create(() => new RunSupervisor(settings, _harness.Store, _ranks, TimeProvider.System, RunHarness.Probe)));
        Next<AdoptWorld>();
        Tell(new WorldStanding(0, [], RankPhase.Idle, 0, null, null));
        Assert.Equal(0, Plan(g => [WorldReport.Spare(0, g), WorldReport.Spare(1, g), WorldReport.Spare(2, g)]).SaveStep);
    }

    public void Dispose()
    {
        _system.Dispose();
        _told.Dispose();
    }

    [Fact]
    public void Plan_ABoundarysAttemptEndedWithAMember_SavesTheNextStepOnce()
    {
        Begin(rank: 0, shard: 0, Boundary);

        Lose(1);
        Assert.Equal(Boundary + 1, Plan(g => SurvivorsAt(g, Boundary)).SaveStep);
        Lose(3); // nobody has come to that step
        Assert.Equal(Boundary + 1, Plan(g => SurvivorsAt(g, Boundary)).SaveStep);
        Begin(rank: 0, shard: 0, Boundary + 1);
        Lose(4); // its attempt ends too, and is not made up for
        Assert.Equal(0, Plan(g => SurvivorsAt(g, Boundary + 1)).SaveStep);
    }

    [Fact]
    public void Plan_TheAttemptThatMakesUpForABoundaryGoesOn_NamesNoOther()
    {
        Begin(rank: 0, shard: 0, Boundary);
        Lose(1);
        Assert.Equal(Boundary + 1, Plan(g => SurvivorsAt(g, Boundary)).SaveStep);
        Begin(rank: 0, shard: 0, Boundary + 1);
        Begin(rank: 2, shard: 1, Boundary + 1);

        Lose(3);

        Assert.Equal(0, Plan(g => SurvivorsAt(g, Boundary + 1)).SaveStep);
        Assert.Equal([Boundary + 1], Status().Begun);
    }

    [Fact]
    public void Plan_AMemberIsLostWhileOthersCopyTheState_SavesTheNextStep()
    {
        Lose(1);

        Assert.Equal(Boundary + 1, Plan(g => SurvivorsAt(g, Boundary)).SaveStep);
        Begin(rank: 0, shard: 0, Boundary, generation: 1);
        Assert.Empty(Status().Begun);
    }

    [Fact]
    public void Plan_NothingWasSaved_SavesNothing()
    {
        Lose(1);

        Assert.Equal(0, Plan(g => SurvivorsAt(g, Boundary - 1)).SaveStep);
    }

    [Fact]
    public void Plan_TheWorldGoesFurtherBack_TheBoundaryIsSavedWhenItComesAgain()
    {
        Begin(rank: 0, shard: 0, Boundary);
        Lose(1);

        Assert.Equal(0, Plan(g => SurvivorsAt(g, Boundary - 1)).SaveStep);
    }

    // Ranks 0 and 2 hold a step's state and nothing of the next one.
    private static WorldReport[] SurvivorsAt(long generation, long step) =>
    [
        Reports.Of(0, step, "none", (0, step, "none", "none")) with { Generation = generation, FormerGeneration = generation - 1 },
        Reports.Of(2, step, "none", (0, step, "none", "none"), (1, step, "none", "none")) with { Generation = generation, FormerGeneration = generation - 1 },
        WorldReport.Spare((int)generation + 1, generation),
    ];

    private GenerationPlan Plan(Func<long, WorldReport[]> reports)
    {
        _generation = Next<GatherRanks>().Generation;
        Tell(new RanksGathered(_generation, [.. reports(_generation)]));
        FormPlan form = Next<FormPlan>();
        _checkpoints = form.Checkpoints;
        Tell(new RankReady(_generation, form.Plan.StateStep, 0));
        Next<Train>();
        return form.Plan;
    }

    private void Lose(int rank) => Tell(new RankFailed(_generation, FaultKind.ProcessLost, $"rank {rank} ended", Boundary, RankId: rank));

    private void Begin(int rank, int shard, long step, long? generation = null)
    {
        _checkpoints.Tell(new BeginCheckpoint(0, step, generation ?? _generation, rank, [shard]), _ranks);
        Status();
    }

    private CheckpointsStatus Status()
    {
        _checkpoints.Tell(GetCheckpointsStatus.Instance, _ranks);
        return Next<CheckpointsStatus>();
    }

    private void Tell(object message) => _run.Tell(message, _ranks);

    private T Next<T>()
    {
        while (_told.TryTake(out object? message, Patience))
        {
            if (message is T found)
            {
                return found;
            }
        }

        throw new TimeoutException($"no {typeof(T).Name}");
    }
}
