using System.Collections.Immutable;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Contracts;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Tests.Ranks;
using Olmo.Actors.Worlds;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Contracts;
using Olmo.Runtime.Hosting;
using Olmo.Runtime.Pattern;
using Olmo.TestKit.ObjectStorage;
using Olmo.TestKit.Storage;

namespace Olmo.Actors.Tests.Runs;

/// <summary>What outlives the processes of a run: its object store, its engines' and batches' faults. A test starts one process after the other on it.</summary>
internal sealed class RunHarness
{
    public const int Shards = 3;

    public MemoryObjectStore Store { get; } = new(TimeProvider.System);

    public FakeEngines Engines { get; } = new(Shards);

    public FakeBatches Batches { get; } = new();

    public long TotalSteps { get; init; } = 20;

    public CheckpointPolicy Checkpoints { get; init; } = new(Interval: 5, Keep: 2, PermanentInterval: 0, GarbageGrace: TimeSpan.FromMinutes(10), MaxLag: 0);

    public int SnapshotInterval { get; init; } = 4;

    public RunPolicy Policy { get; init; } = new(MaxFaults: 3, FaultWindow: TimeSpan.FromMinutes(10), MaxFaultsWithoutProgress: 10);

    public MemoryJournalStore Journal { get; } = new();

    public static IPhaseProbe Probe => QuietProbe.Instance;

    public ActorSystem StartSystem(long fence = 1) => new ActorSystemOptions
    {
        Extensions = ImmutableDictionary<Type, object>.Empty.Add(typeof(PersistenceServices), new PersistenceServices(Journal, new ContractRegistry(JournalContracts.All), fence, "test")),
    }.CreateSystem("test");

    /// <summary>The digest that a quiet run ends with.</summary>
    public string QuietDigest()
    {
        using FakeEngine engine = new(0, Shards, null);
        engine.Form(new WorldIdentity(1, 0), null, new MemoryObjectStore(TimeProvider.System), CancellationToken.None);
        FakeBatches batches = new();
        StepBatch batch = batches.CreateBatch();
        for (long step = 1; step <= TotalSteps; step++)
        {
            batches.Read(step, batch);
            engine.RunStep(batch, CancellationToken.None);
        }

        return engine.Finish(CancellationToken.None).WeightsSha256;
    }

    public RunSupervisorSettings Settings(long token = 1, bool acceptNewTimeline = false) => new(
        new RunIdentity("test", token),
        new RunCreated("test", "n1", ImmutableSortedDictionary<string, string>.Empty.Add("run.seed", "1"), "layout", "data", TotalSteps),
        acceptNewTimeline, Policy, Checkpoints, new WorldRecipe(1, 1, 1, 4, Shards, 3), SnapshotInterval, RetryAfter: TimeSpan.FromSeconds(2));

    public IActorRef StartRank(ActorSystem system, string name = "rank")
    {
        RankSettings settings = new(0, Checkpoints, Prefetch: 2, MaxLoaderRestarts: 2, LoaderWindow: TimeSpan.FromMinutes(1), ResendAfter: TimeSpan.FromMilliseconds(100));
        return system.ActorOf(Props.Create(() => new RankActor(settings, Engines, Batches, Store, NoDataPlane.Instance, TimeProvider.System, QuietProbe.Instance)), name);
    }

    public IActorRef StartSupervisor(ActorSystem system, IActorRef rank, RunSupervisorSettings? settings = null, string name = "run")
    {
        RunSupervisorSettings s = settings ?? Settings();
        RankSupervisorSettings r = new(1, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10), () => []);
        IActorRef ranks = system.ActorOf(Props.Create(() => new RankSupervisor(r)), $"{name}-ranks");
        ranks.Tell(new RanksChanged([new RankEntry(0, rank, IsReady: true, IsSilent: false)]), ActorRefs.NoSender);
        return system.ActorOf(
            BackoffSupervisor.Props(Backoff.OnStop(
                Props.Create(() => new RunSupervisor(s, Store, ranks, TimeProvider.System, QuietProbe.Instance)), "supervisor",
                TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100), 0.1, -1).WithDefaultStoppingStrategy()),
            name);
    }

    private sealed class QuietProbe : IPhaseProbe
    {
        public static QuietProbe Instance { get; } = new();

        public void Reached(string phase, long step)
        {
        }
    }
}
