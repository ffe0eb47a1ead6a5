using System.Globalization;
using System.Security.Cryptography;
using Olmo.Actors.Drills;
using Olmo.Actors.Links;
using Olmo.Actors.Metrics;
using Olmo.Actors.Nodes;
using Olmo.Actors.Runs;
using Olmo.Data.Preparation;
using Olmo.Host.Recipes;
using Olmo.Host.Runs;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Hosting;

namespace Olmo.Host.Nodes;

/// <summary>Trains with child processes: this process is the node, which starts and watches a coordinator and ranks, joins their links, and shows progress.</summary>
internal sealed class NodeRun(Recipe recipe, RunFolder folder, PreparedData data, string numericsId, bool acceptNewTimeline, ProgressLine line, TimeProvider time)
{
    /// <summary>Convictions after which a place is quarantined.</summary>
    public const int MaxConvictions = 2;

    private const int MaxFailedStarts = 5;
    private const int SecretBytes = 32;
    private static readonly TimeSpan EndGrace = TimeSpan.FromSeconds(5);
    private readonly NodeFolder _processes = new(folder);

    /// <summary>Runs until the run stands still; then every child has ended.</summary>
    /// <param name="totalSteps">Steps of the training.</param>
    /// <param name="stop">Saves the state and ends.</param>
    public async Task<RunEnd> Train(long totalSteps, CancellationToken stop)
    {
        Directory.CreateDirectory(_processes.Root);
        byte[] secret = RandomNumberGenerator.GetBytes(SecretBytes);
        using LinkHub hub = new("node", secret, LinkSettings.Default with { Silence = recipe.World.Silence }, time, RandomNumberGenerator.Fill);
        using ProcessLauncher launcher = new();
        using ProcessLog log = new(_processes.LogOf("node"), "node", time);
        NodeSettings settings = new(
            recipe.World.Ranks + recipe.World.Spares, recipe.World.Respawns, recipe.World.FrozenCoordinator, MaxFailedStarts, ExitCodes.Usage, EndGrace, _processes.NextNumber,
            (role, number, slot, avoided) => Describe(role, number, slot, avoided, hub.Port, secret))
        {
            UnfitExitCode = ExitCodes.Unfit,
            ReplacementDelay = recipe.World.ReplacementDelay,
            ConvictedRest = recipe.World.ConvictedRest,
            MaxConvictions = recipe.Drill.Guards.PlaceQuarantine ? MaxConvictions : int.MaxValue,
            Convictions = _processes.Convictions(),
            KeepConvictions = _processes.KeepConvictions,
            FrozenRank = recipe.Drill.Guards.SilenceWatch ? recipe.World.SupervisorTimeout : null,
        };
        TaskCompletionSource<RunEnd> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ActorSystem system = new ActorSystemOptions { Time = time, ShutDownOnProcessExit = false, LoggerFactory = log }.CreateSystem("olmo");
        try
        {
            system.ActorOf(Props.Create(() => new ProgressActor(line, totalSteps, recipe.JournalOutage, time, end)), "progress");
            system.ActorOf(Props.Create(() => new MetricsActor(folder.Metrics, time)), "metrics");
            system.ActorOf(Props.Create(() => new RecoveryLog(folder.Recoveries, time)), "recoveries");
            system.ActorOf(Props.Create(() => new NodeProgress(line, end)), "node-progress");
            IActorRef links = system.ActorOf(Props.Create(() => new LinkActor(hub)), "links");
            system.ActorOf(Props.Create(() => new EventRelay(links)), "events");
            IActorRef node = system.ActorOf(Props.Create(() => new NodeActor(settings, launcher, links)), "node");
            using CancellationTokenRegistration asked = stop.Register(() => node.Tell(new RequestStop("signal"), ActorRefs.NoSender));
            _ = EndWith(node, end);
            RunEnd how = await end.Task;
            await Close(node, how.Detail);
            return how;
        }
        finally
        {
            await system.Terminate();
        }
    }

    // Without its actor nobody would watch the children: their end, which comes with it, is the end of the command.
    private static async Task EndWith(IActorRef node, TaskCompletionSource<RunEnd> end)
    {
        await node.WatchAsync();
        end.TrySetResult(new RunEnd(StopReason.RankFailed, "the node's actor ended", 0, null));
    }

    private static async Task Close(IActorRef node, string reason)
    {
        node.Tell(new CloseNode(reason), ActorRefs.NoSender);
        await node.WatchAsync();
    }

    private ProcessStart Describe(ProcessRole role, int number, int slot, IReadOnlySet<int> avoided, int port, byte[] secret)
    {
        bool isRank = role is ProcessRole.Rank;
        ChildOrders orders = new(
            role, number, slot, Environment.ProcessId, port, Convert.ToBase64String(secret), time.GetUtcNow(), Path.GetFullPath(folder.ResolvedRecipe),
            Path.GetFullPath(data.Folder), Path.GetFullPath(data.TokenizerFolder!), acceptNewTimeline, numericsId,
            isRank ? recipe.World.ProcessorsOf(slot, Environment.ProcessorCount, avoided) : []);
        return new ProcessStart([isRank ? "rank" : "coordinator"], Variables(), orders.ToLine());

        // Many processes share the machine: no background collector, and a heap that gives memory back.
        static Dictionary<string, string> Variables() => new(StringComparer.Ordinal)
        {
            ["DOTNET_gcConcurrent"] = "0",
            ["DOTNET_GCConserveMemory"] = 3.ToString(CultureInfo.InvariantCulture),
        };
    }
}
