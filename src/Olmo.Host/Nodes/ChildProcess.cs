using System.Collections.Immutable;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Olmo.Actors.Contracts;
using Olmo.Actors.Drills;
using Olmo.Actors.Links;
using Olmo.Actors.Nodes;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;
using Olmo.Data.Instances;
using Olmo.Data.Preparation;
using Olmo.Host.Recipes;
using Olmo.Host.Runs;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Hosting;

namespace Olmo.Host.Nodes;

/// <summary>What coordinator and rank have in common as processes: orders, a watch on the node, recipe, data, links, log.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly ProcessLog _log;
    private readonly RunDiagnosis _diagnosis;
    private readonly LinkEndpoint _endpoint;
    private readonly TracePhaseProbe _trace;
    private readonly TaskCompletionSource<string> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IActorRef _node = ActorRefs.Nobody;

    private ChildProcess(ChildOrders orders, TimeProvider time)
    {
        Orders = orders;
        Time = time;
        Laps.Done("runtime");
        Recipe = RecipeReader.Read(orders.Recipe, [], Environment.GetEnvironmentVariable);
        Folder = new RunFolder(Recipe.Run.Folder);
        NodeFolder = new NodeFolder(Folder);
        Laps.Done("recipe");
        _log = new ProcessLog(NodeFolder.LogOf(orders.FileName), orders.Endpoint, time);
        _trace = new TracePhaseProbe(NodeFolder.TraceOf(orders.FileName), time, Environment.GetEnvironmentVariable("OLMO_PAUSE_AT"));
        bool isCoordinator = orders.Role is ProcessRole.Coordinator;
        Drill = Olmo.Actors.Drills.Drill.Of(Recipe.Drill, orders.Number, isCoordinator, Folder.Drill, time, isCoordinator ? DrillFault.AnyPlace : orders.Slot);
        (Store, Probe) = RunStore.Open(Folder, time, orders.FileName, Drill, _trace);
        _diagnosis = new RunDiagnosis(Console.Error, time, _trace);
        Data = PreparedData.Open(orders.DataFolder) with { TokenizerFolder = orders.TokenizerFolder };
        Train = Data.OpenTrain(Recipe.Batch.SequenceLength, Recipe.Data.FiltersRepetitions ? new RepetitionFilter() : null);
        HeldOut = Data.HeldOut.Files.Count > 0 ? Data.OpenHeldOut(Recipe.Batch.SequenceLength) : null;
        Plan = TrainingPlan.Of(Recipe, Data, Train) with { Threads = Recipe.World.Threads };
        Laps.Done("data");
        _endpoint = new LinkEndpoint(
            orders.Endpoint, orders.Number, orders.Port, Convert.FromBase64String(orders.Secret), LinkSettings.Default with { Silence = Recipe.World.Silence }, time,
            RandomNumberGenerator.Fill, Drill);
    }

    /// <summary>Where the start went.</summary>
    public StartLaps Laps { get; } = new();

    public ChildOrders Orders { get; }

    public TimeProvider Time { get; }

    public Recipe Recipe { get; }

    public RunFolder Folder { get; }

    public NodeFolder NodeFolder { get; }

    /// <summary>Faults and guards of this process.</summary>
    public IDrill Drill { get; }

    /// <summary>Sees the moments of this process.</summary>
    public IPhaseProbe Probe { get; }

    /// <summary>The run's shard files and manifests, written under this process's name.</summary>
    public IObjectStore Store { get; }

    public PreparedData Data { get; }

    public InstanceDataSet Train { get; }

    public InstanceDataSet? HeldOut { get; }

    public TrainingPlan Plan { get; }

    /// <summary>Completed when the node says that it is over.</summary>
    public Task<string> End => _end.Task;

    /// <summary>Reads the orders, binds the life of this process to the node's, and opens what both roles need.</summary>
    public static ChildProcess Begin(ProcessRole role, TextReader input, TimeProvider time)
    {
        ChildOrders orders = ChildOrders.Read(input, role);
        if (!ProcessSystem.FollowParent(orders.Parent))
        {
            EndAtOnce();
        }

        new Thread(() =>
        {
            while (input.ReadLine() is not null)
            {
            }

            EndAtOnce(); // the node held the other end of this pipe
        })
        { IsBackground = true, Name = "node-watch" }.Start();
        return new ChildProcess(orders, time);
    }

    /// <summary>Makes the actors that both roles have; from here on the node hears of this process.</summary>
    /// <returns>The system and its link's actor.</returns>
    public (ActorSystem System, IActorRef Links) StartSystem(ImmutableDictionary<Type, object> extensions)
    {
        ContractsOf contracts = Orders.Role is ProcessRole.Rank ? LinkContracts.CreateForRank : LinkContracts.Create;
        ActorSystem system = new ActorSystemOptions { Time = Time, ShutDownOnProcessExit = false, LoggerFactory = _log, Extensions = extensions }.CreateSystem("olmo");
        IActorRef links = system.ActorOf(Props.Create(() => new LinkActor(_endpoint, contracts)), "links");
        system.ActorOf(Props.Create(() => new ChildActor(links, _end, _ => EndAtOnce())), "process");
        IActorRef relay = system.ActorOf(Props.Create(() => new RemoteActor(links, "node/user/events")), "node-events");
        _node = system.ActorOf(Props.Create(() => new RemoteActor(links, "node/user/node")), "node");
        system.ActorOf(Props.Create(() => new EventForwarder(relay)), "events");
        _diagnosis.Watch(system);
        Laps.Done("actors");
        return (system, links);
    }

    /// <summary>Tells the node that all is up.</summary>
    public void Ready()
    {
        using Process self = Process.GetCurrentProcess();
        _log.CreateLogger("start").Log(LogLevel.Information, "ready, {Megabytes} MB resident; processor time: {Laps}", self.WorkingSet64 / 1_000_000, Laps);
        _node.Tell(new ProcessReady(Orders.Number, Environment.ProcessId, Time.GetUtcNow() - Orders.StartedAt, self.WorkingSet64), ActorRefs.NoSender);
    }

    /// <summary>Tells the node that what the run was asked for can be told to its supervisor.</summary>
    public void SupervisorIsUp() => _node.Tell(new SupervisorUp(Orders.Number), ActorRefs.NoSender);

    /// <inheritdoc />
    public void Dispose()
    {
        _diagnosis.Dispose();
        _endpoint.Dispose();
        HeldOut?.Dispose();
        Train.Dispose();
        _trace.Dispose();
        _log.Dispose();
    }

    // By the kernel, so that nothing in this process can hold it up: what was not committed does not count, and files are whole or absent.
    private static void EndAtOnce()
    {
        using Process self = Process.GetCurrentProcess();
        self.Kill();
    }
}
