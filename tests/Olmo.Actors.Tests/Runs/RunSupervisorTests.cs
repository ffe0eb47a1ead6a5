using System.Collections.Concurrent;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Data.Instances;
using Olmo.Runtime.Actor;

namespace Olmo.Actors.Tests.Runs;

/// <summary>A run with a fake engine whose end shows every lost, repeated or reordered step: each fault of one machine, and the bits of a quiet run after it.</summary>
public sealed class RunSupervisorTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly RunHarness _harness = new();
    private readonly BlockingCollection<object> _events = [];

    public RunSupervisorTests()
    {
        Sys = _harness.StartSystem();
        IActorRef recorder = Sys.ActorOf(Props.Create(() => new EventRecorder(_events)));
        Sys.EventStream.Subscribe(recorder, typeof(RunEventStored));
        Sys.EventStream.Subscribe(recorder, typeof(CheckpointEvent));
    }

    private ActorSystem Sys { get; }

    public void Dispose()
    {
        Sys.Dispose();
        _events.Dispose();
    }

    [Fact]
    public void Run_NothingFails_CommitsEveryBoundaryAndCompletes()
    {
        Start();

        AssertCompletesWithTheBitsOfAQuietRun();
        Assert.Equal([5L, 10L, 15L, 20L], Seen.OfType<CheckpointCommitted>().Select(c => c.Step));
    }

    [Fact]
    public void Loader_ReadFailsOnce_IsRestartedAndNoStepIsLost()
    {
        _harness.Batches.BeforeRead = Once(7, () => new IOException("read error"));
        Start();

        AssertCompletesWithTheBitsOfAQuietRun();
        Assert.Empty(Seen.OfType<RankFaulted>());
    }

    [Fact]
    public void Loader_ReadFailsForEver_StopsWithDataUnreadable()
    {
        _harness.Batches.BeforeRead = step =>
        {
            if (step == 7)
            {
                throw new IOException("the file has gone");
            }
        };
        Start();

        RunStopped stopped = AwaitStop();
        Assert.Equal(StopReason.DataUnreadable, stopped.Reason);
        Assert.Equal(_harness.Policy.MaxFaults, Seen.OfType<RankFaulted>().Count() - 1);
    }

    [Fact]
    public void Rank_ThrowsOnce_GoesOnFromTheNewestCheckpoint()
    {
        _harness.Engines.BeforeStep = Once(13, () => new InvalidOperationException("boom"));
        Start();

        AssertCompletesWithTheBitsOfAQuietRun();
        Assert.Equal([0L, 10L], Seen.OfType<WorldFormed>().Select(w => w.StateStep));
    }

    [Fact]
    public void Rank_NonFiniteLoss_StopsWithItsReasonAndTheStep()
    {
        _harness.Engines.BeforeStep = Once(8, () => new NonFiniteStepException(8, "loss"));
        Start();

        RunStopped stopped = AwaitStop();
        Assert.Equal(StopReason.NonFinite, stopped.Reason);
        Assert.Contains("step 8", stopped.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Rank_SpikesOnce_GoesBackAndLeavesTheDataOut()
    {
        List<long> batches = [];
        _harness.Engines.BeforeStep = Once(13, () => new RollBackStepException(FaultKind.RunSpiked, 13, "spikes"));
        _harness.Batches.BeforeRead = batches.Add;
        Start(new RollBackPolicy(1, 4, 100));

        Assert.Equal(StopReason.Completed, AwaitStop().Reason);
        TimelineOpened opened = Assert.Single(Seen.OfType<TimelineOpened>());
        Assert.Equal((1, 5L, new BatchRange(6, 13)), (opened.Timeline, opened.FromStep, opened.Discarded));
        Assert.Equal([0L, 5L], Seen.OfType<WorldFormed>().Select(w => w.StateStep));
        Assert.Equal([.. Enumerable.Range(14, 15)], batches.AsEnumerable().Reverse().Take(15).Reverse().Select(b => (int)b));
        Assert.Empty(Seen.OfType<RankFaulted>());
    }

    [Fact]
    public void Rank_SpikesAgain_StopsWithItsReason()
    {
        int times = 2;
        _harness.Engines.BeforeStep = step =>
        {
            if (step == 13 && Interlocked.Decrement(ref times) >= 0)
            {
                throw new RollBackStepException(FaultKind.RunSpiked, 13, "spikes");
            }
        };
        Start(new RollBackPolicy(1, 4, 100));

        RunStopped stopped = AwaitStop();
        Assert.Equal((StopReason.LossSpiked, 13L), (stopped.Reason, stopped.Step));
        Assert.Single(Seen.OfType<TimelineOpened>());
    }

    [Fact]
    public void Rank_NotFiniteBeforeAnyCheckpoint_GoesBackToInitialWeights()
    {
        _harness.Engines.BeforeStep = Once(3, () => new RollBackStepException(FaultKind.RunNotFinite, 3, "NaN"));
        Start(new RollBackPolicy(10, 4, 100));

        Assert.Equal(StopReason.Completed, AwaitStop().Reason);
        Assert.Equal((0L, new BatchRange(1, 3)), (Assert.Single(Seen.OfType<TimelineOpened>()).FromStep, Seen.OfType<TimelineOpened>().Single().Discarded));
    }

    [Fact]
    public void Rank_PoisonGroup_IsQuarantinedAfterTheSecondGenerationOfTheOnlyRank()
    {
        _harness.Engines.Poison = (8, 1);
        Start();

        AssertCompletesWithTheBitsOfAQuietRun(); // this engine does not leave the group out: what counts here is that it is tried no more
        GroupQuarantined quarantined = Assert.Single(Seen.OfType<GroupQuarantined>());
        Assert.Equal((8L, 1, 8L, "System.FormatException"), (quarantined.Step, quarantined.Group, quarantined.Batch, quarantined.ErrorType));
        Assert.Equal(2, Seen.OfType<RankFaulted>().Count());
        Assert.Equal(7, Assert.Single(Seen.OfType<TimelineOpened>()).FromStep);
    }

    [Fact]
    public void Disk_FullAtOneBoundary_KeepsTheOlderCheckpointAndGoesOn()
    {
        int left = 1;
        _harness.Store.Fault = (operation, name) =>
        {
            if (operation == "put" && Manifests.Count > 0 && Interlocked.Decrement(ref left) == 0)
            {
                throw new StorageFullException(name, "disk", 0, new IOException("no space left"));
            }
        };
        Start();

        AssertCompletesWithTheBitsOfAQuietRun();
        CheckpointAbandoned abandoned = Assert.Single(Seen.OfType<CheckpointAbandoned>());
        Assert.Contains("No room", abandoned.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Disk_FullAtTheLastStep_StopsWithStorageFull()
    {
        _harness.Store.Fault = (operation, name) =>
        {
            if (operation == "put" && name.StartsWith("shards/", StringComparison.Ordinal) && Manifests.Any(m => m.Step == 15))
            {
                throw new StorageFullException(name, "disk", 0, new IOException("no space left"));
            }
        };
        Start();

        RunStopped stopped = AwaitStop();
        Assert.Equal(StopReason.StorageFull, stopped.Reason);
    }

    [Fact]
    public void Checkpoint_BitFlipped_FallsBackSetsItAsideAndEndsWithTheSameBits()
    {
        _harness.Engines.BeforeStep = Once(13, () =>
        {
            _harness.Store.FlipBit(Manifests[^1].Shards[1].Name, 3);
            return new InvalidOperationException("boom");
        });
        Start();

        AssertCompletesWithTheBitsOfAQuietRun();
        CheckpointRejected rejected = Assert.Single(Seen.OfType<CheckpointRejected>());
        Assert.Equal(10, rejected.Step);
        Assert.Contains(_harness.Store.List("aside/"), o => o.Name.EndsWith(rejected.File, StringComparison.Ordinal));
        Assert.Equal([0L, 10L, 5L], Seen.OfType<WorldFormed>().Select(w => w.StateStep));
    }

    [Fact]
    public void Checkpoint_ManifestGone_FallsBack()
    {
        _harness.Engines.BeforeStep = Once(13, () =>
        {
            _harness.Store.Delete(_harness.Store.Names("manifests/")[^1]);
            return new InvalidOperationException("boom");
        });
        Start();

        AssertCompletesWithTheBitsOfAQuietRun();
        Assert.Equal(10, Assert.Single(Seen.OfType<CheckpointRejected>()).Step);
    }

    [Fact]
    public void Checkpoint_NoneReadable_StopsInsteadOfStartingOver()
    {
        _harness.Engines.BeforeStep = Once(8, () =>
        {
            foreach (CheckpointManifest manifest in Manifests)
            {
                _harness.Store.FlipBit(manifest.Shards[0].Name, 0);
            }

            return new InvalidOperationException("boom");
        });
        Start();

        Assert.Equal(StopReason.NoReadableCheckpoint, AwaitStop().Reason);
    }

    [Fact]
    public void Supervisor_Dies_TheNextOneAdoptsTheRankThatWentOn()
    {
        using ManualResetEventSlim reached = new();
        using ManualResetEventSlim go = new();
        _harness.Engines.BeforeStep = step =>
        {
            if (step == 8)
            {
                reached.Set();
                go.Wait(Patience);
            }
        };
        IActorRef rank = _harness.StartRank(Sys);
        IActorRef first = _harness.StartSupervisor(Sys, rank);
        Assert.True(reached.Wait(Patience));
        Sys.Stop(first);
        go.Set();
        _harness.StartSupervisor(Sys, rank, name: "run-2");

        AssertCompletesWithTheBitsOfAQuietRun();
        Assert.Single(Seen.OfType<WorldFormed>());
    }

    [Fact]
    public void Stop_Requested_CommitsTheBoundaryAndTheNextProcessGoesOn()
    {
        using ManualResetEventSlim reached = new();
        using ManualResetEventSlim go = new();
        _harness.Engines.BeforeStep = step =>
        {
            if (step == 8)
            {
                reached.Set();
                go.Wait(Patience);
            }
        };
        IActorRef rank = _harness.StartRank(Sys);
        IActorRef run = _harness.StartSupervisor(Sys, rank);
        Assert.True(reached.Wait(Patience));
        run.Tell(new RequestStop("test"));
        Await<RunEventStored>(e => e.Event is StopRequested);
        Assert.Equal("Training", run.Ask<RunStatus>(GetRunStatus.Instance, Patience).Result.Phase);
        AwaitHandled(Sys.ActorSelection("/user/run-ranks")); // the request goes run -> rank supervisor -> rank, and the rank must have it before it may go on
        AwaitHandled(Sys.ActorSelection(rank.Path));
        go.Set();

        RunStopped stopped = AwaitStop();
        Assert.Equal(StopReason.Preempted, stopped.Reason);
        Assert.Equal(8, stopped.Step);
        Assert.Equal(stopped.Step, Seen.OfType<CheckpointCommitted>().Last().Step);

        Sys.Stop(run);
        _harness.Engines.BeforeStep = null;
        _harness.StartSupervisor(Sys, _harness.StartRank(Sys, "rank-2"), name: "run-2");
        AssertCompletesWithTheBitsOfAQuietRun();
    }

    [Fact]
    public void Recipe_NumericKeyChanged_IsRefusedWithBothValues()
    {
        Start();
        AssertCompletesWithTheBitsOfAQuietRun();
        RunSupervisorSettings other = _harness.Settings();
        other = other with
        {
            Recipe = other.Recipe with { NumericSettings = new Dictionary<string, string> { ["run.seed"] = "2" } },
        };
        _harness.StartSupervisor(Sys, _harness.StartRank(Sys, "rank-2"), other, "run-2");

        RunStopped stopped = AwaitStop();
        Assert.Equal(StopReason.RecipeChanged, stopped.Reason);
        Assert.Contains("run.seed: 1 -> 2", stopped.Detail, StringComparison.Ordinal);
    }

    private List<object> Seen { get; } = [];

    private List<CheckpointManifest> Manifests =>
        [.. _harness.Store.Names("manifests/").Select(name => CheckpointManifest.Parse(_harness.Store.Bytes(name), name))];

    private void Start(RollBackPolicy? rollBack = null) =>
        _harness.StartSupervisor(Sys, _harness.StartRank(Sys), _harness.Settings() with { Policy = _harness.Policy with { RollBack = rollBack } });

    private void AssertCompletesWithTheBitsOfAQuietRun()
    {
        RunStopped stopped = AwaitStop();
        Assert.True(stopped.Reason == StopReason.Completed, $"{stopped.Reason}: {stopped.Detail}");
        Assert.Equal(_harness.QuietDigest(), stopped.Detail);
        Assert.Equal(_harness.TotalSteps, stopped.Step);
    }

    /// <summary>Returns when the actor has handled what was in its mailbox before.</summary>
    private static void AwaitHandled(ActorSelection actor) => Assert.NotNull(actor.Ask<ActorIdentity>(new Identify(0), Patience).Result.Subject);

    private RunStopped AwaitStop() => (RunStopped)Await<RunEventStored>(e => e.Event is RunStopped).Event;

    private T Await<T>(Func<T, bool> isIt)
    {
        while (true)
        {
            if (!_events.TryTake(out object? message, Patience))
            {
                throw new TimeoutException($"no {typeof(T).Name} came in {Patience}; came: {string.Join(", ", Seen)}");
            }

            Seen.Add(message is RunEventStored stored ? stored.Event : message);

            if (message is T it && isIt(it))
            {
                return it;
            }
        }
    }

    private static Action<long> Once(long at, Func<Exception> fault)
    {
        int left = 1;
        return step =>
        {
            if (step == at && Interlocked.Decrement(ref left) == 0)
            {
                throw fault();
            }
        };
    }
}
