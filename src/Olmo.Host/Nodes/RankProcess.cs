using System.Collections.Immutable;
using System.Net;
using Olmo.Actors.Collectives;
using Olmo.Actors.Drills;
using Olmo.Actors.Nodes;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Host.Runs;
using Olmo.Runtime.Actor;

namespace Olmo.Host.Nodes;

/// <summary>
/// A rank's process, warm before it says that it is ready: a step of the recipe's shapes has been run and the machine's best matrix product measured. It then stands as a rank or
/// as a spare; which of the two is decided by who forms a world with it.
/// </summary>
internal static class RankProcess
{
    /// <summary>Runs until the node says that it is over.</summary>
    public static async Task<int> Run(TextReader input, TimeProvider time)
    {
        using ChildProcess child = ChildProcess.Begin(ProcessRole.Rank, input, time);
        RankParts parts = RankParts.Of(child.Recipe, child.Orders.Number, child.Folder, child.Plan, child.Data, child.Train, child.HeldOut, child.Drill);
        IObjectStore store = child.Store;
        (ActorSystem system, IActorRef links) = child.StartSystem(ImmutableDictionary<Type, object>.Empty);
        try
        {
            PeakFile measured = new(child.NodeFolder.Root, parts.Engine);
            double peak = await WarmUp(parts.Engine with { PeakFlops = measured.Read() }, child, store, time);
            measured.Write(peak);
            IPhaseProbe probe = child.Probe;
            EngineFactory engines = new(parts.Engine with { PeakFlops = peak }, child.Orders.Processors, time, probe, child.Drill);
            MeshSettings mesh = child.Recipe.World.Mesh();
            TcpSockets sockets = new();
            using MeshListener listener = MeshListener.Start(new IPEndPoint(IPAddress.Loopback, 0), sockets, mesh.Timeouts, time);
            TcpDataPlane dataPlane = new(child.Recipe.Run.Name, listener, mesh, sockets, time);
            IActorRef rank = system.ActorOf(Props.Create(() => new RankActor(parts.Settings, engines, parts.Batches, store, dataPlane, time, probe)), "rank");
            links.Tell(new Olmo.Actors.Links.Publish(rank), ActorRefs.NoSender);
            child.Ready();
            await child.End;
            return ExitCodes.Done;
        }
        finally
        {
            await system.Terminate();
        }
    }

    // One group instead of all: the shapes, and so the code, are the same. The engine and its state are dropped afterwards.
    private static Task<double> WarmUp(OlmoRankSettings settings, ChildProcess child, IObjectStore store, TimeProvider time)
    {
        TaskCompletionSource<double> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                ProcessSystem.Bind(child.Orders.Processors);
                OlmoRankSettings one = settings with { Step = settings.Step with { Groups = 1 } };
                StepBatch batch = new(1, one.Step.SequencesPerGroup, one.Step.SequenceLength, child.Recipe.Data.MasksDocuments) { Step = 1 };
                batch.LabelCount = batch.Groups[0].Tokens;
                using WorldEngine engine = new(child.Orders.Number, one, time, NoProbe.Instance);
                engine.Form(new WorldIdentity(1, 0), null, store, CancellationToken.None);
                child.Laps.Done("state");
                engine.WarmUp(CancellationToken.None);
                child.Laps.Done("peak");
                engine.RunStep(batch, CancellationToken.None);
                child.Laps.Done("step");
                done.SetResult(engine.PeakFlops);
            }
            catch (Exception e) // crosses to the thread that waits
            {
                done.SetException(e);
            }
        })
        { IsBackground = true, Name = "warm-up" }.Start();
        return done.Task;
    }

    private sealed class EngineFactory(OlmoRankSettings settings, IReadOnlyList<int> processors, TimeProvider time, IPhaseProbe probe, IDrill drill) : IRankEngineFactory
    {
        // Called by the compute thread: it and the threads that its pool starts stay on the rank's processors.
        public IWorldEngine Create(int rankId)
        {
            ProcessSystem.Bind(processors);
            return new WorldEngine(rankId, settings, time, probe, drill);
        }
    }

    // The dummy step is none of the run's.
    private sealed class NoProbe : IPhaseProbe
    {
        private NoProbe()
        {
        }

        public static NoProbe Instance { get; } = new();

        public void Reached(string phase, long step)
        {
        }
    }
}
