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
/// A rank's process, warm before it says that it is ready: a small world was formed, recovered and stepped so that all code is compiled, the machine's best matrix product is known, and
/// the engine holds its memory. It then stands as a rank or as a spare; which of the two is decided by who forms a world with it.
/// </summary>
internal static class RankProcess
{
    /// <summary>Runs until the node says that it is over.</summary>
    public static async Task<int> Run(TextReader input, TimeProvider time)
    {
        using ChildProcess child = ChildProcess.Begin(ProcessRole.Rank, input, time);
        IDisposable? gpu;
        try
        {
            gpu = RunDevice.Hold(child.Recipe, child.Orders.Slot, child.Orders.NumericsId);
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync($"rank {child.Orders.Number} cannot compute: {e.Message}");
            return ExitCodes.Unfit;
        }

        using (gpu)
        {
            try
            {
                return await Run(child, time);
            }
            catch (OutOfMemoryException e) // of it the runtime would say no more than its name
            {
                await Console.Error.WriteLineAsync($"rank {child.Orders.Number} found no memory: {e.Message}");
                return ExitCodes.Failed;
            }
        }
    }

    private static async Task<int> Run(ChildProcess child, TimeProvider time)
    {
        RankParts parts = RankParts.Of(child.Recipe, child.Orders.Number, child.Orders.Slot, child.Folder, child.Plan, child.Data, child.Train, child.HeldOut, child.Drill);
        IObjectStore store = child.Store;
        if (SelfTest.Run(parts.Engine.OpenDevice, store, time, child.Drill) is { } wrong)
        {
            await Console.Error.WriteLineAsync($"rank {child.Orders.Number} computes wrong: {wrong}");
            return ExitCodes.Unfit;
        }

        child.Laps.Done("self-test");
        (ActorSystem system, IActorRef links) = child.StartSystem(ImmutableDictionary<Type, object>.Empty);
        try
        {
            PeakFile measured = new(child.NodeFolder.Root, RunDevice.FileNameOf(child.Recipe, child.Plan));
            double peak = await WarmUp(parts.Engine with { PeakFlops = measured.Read() }, child, time);
            measured.Write(peak);
            IPhaseProbe probe = child.Probe;
            EngineFactory engines = new(parts.Engine with { PeakFlops = peak }, child.Orders.Processors, time, probe, child.Drill);
            MeshSettings mesh = child.Recipe.World.Mesh() with { Drill = child.Drill };
            TcpSockets sockets = new();
            using MeshListener listener = MeshListener.Start(new IPEndPoint(IPAddress.Loopback, 0), sockets, mesh.Timeouts, time);
            TcpDataPlane dataPlane = new(child.Recipe.Run.Name, listener, mesh, sockets, time);
            TaskCompletionSource engineAhead = new(TaskCreationOptions.RunContinuationsAsynchronously);
            RankSettings rankSettings = parts.Settings with { EngineAhead = engineAhead, Sections = child.Recipe.World.Sections(), SpeedWindow = child.Recipe.World.SlowWindow };
            IActorRef rank = system.ActorOf(Props.Create(() => new RankActor(rankSettings, engines, parts.Batches, store, dataPlane, time, probe)), "rank");
            links.Tell(new Olmo.Actors.Links.Publish(rank), ActorRefs.NoSender);
            await engineAhead.Task;
            child.Laps.Done("engine");
            ProcessSystem.Yield(child.Recipe.World.Nice);
            if (child.Recipe.World.TakesAll(Environment.ProcessorCount))
            {
                ProcessSystem.BindAll(child.Orders.Processors);
            }

            child.Ready();
            await child.End;
            return ExitCodes.Done;
        }
        finally
        {
            await system.Terminate();
        }
    }

    private static Task<double> WarmUp(OlmoRankSettings settings, ChildProcess child, TimeProvider time)
    {
        TaskCompletionSource<double> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                ProcessSystem.Bind(child.Orders.Processors);
                done.SetResult(Rehearsal.Run(settings, child.Recipe.Data.MasksDocuments, child.Recipe.World.Mesh(), child.Store, child.Laps, time));
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
}
