using System.Collections.Immutable;
using System.Security.Cryptography;
using Olmo.Actors.Links;
using Olmo.Actors.Nodes;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Host.Runs;
using Olmo.Model.Models;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Hosting;
using Olmo.Runtime.Pattern;

namespace Olmo.Host.Nodes;

/// <summary>The coordinator's process: supervisor of the run, coordinator of checkpoints, journal. Ranks go on stepping while it is away; a successor adopts them.</summary>
internal static class CoordinatorProcess
{
    private const int SecretBytes = 32;
    private static readonly TimeSpan LongestDescription = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PredecessorPatience = TimeSpan.FromSeconds(60);

    /// <summary>Runs until the node says that it is over.</summary>
    public static async Task<int> Run(TextReader input, TimeProvider time)
    {
        using ChildProcess child = ChildProcess.Begin(ProcessRole.Coordinator, input, time);
        using FileStream held = await TakeLock(child.NodeFolder.CoordinatorLock, time);
        IObjectStore store = child.Store;
        ParameterList parameters = child.Plan.Parameters;
        await using RunJournal journal = await RunJournal.Open(child.Folder.Journal, child.Recipe.Journal.BusyTimeout, time);
        RunSupervisorSettings settings = new(
            new RunIdentity(child.Recipe.Run.Name, journal.Token),
            new RunCreated(
                child.Recipe.Run.Name, child.Orders.NumericsId, child.Recipe.NumericSettings, parameters.Layout(child.Recipe.Shards).Hash, child.Train.Fingerprint, child.Plan.TotalSteps),
            child.Orders.AcceptNewTimeline, child.Recipe.Supervision.Policy, child.Recipe.Checkpoints,
            new WorldRecipe(
                child.Recipe.World.Ranks, child.Recipe.World.Min, child.Recipe.World.Replicas, child.Plan.Step.Groups, child.Recipe.Shards, parameters.Layout(child.Recipe.Shards).Layers),
            child.Recipe.Journal.SnapshotInterval, RankParts.Resend)
        {
            Guards = child.Drill.Guards,
        };
        (ActorSystem system, IActorRef links) = child.StartSystem(ImmutableDictionary<Type, object>.Empty.Add(typeof(PersistenceServices), journal.Services));
        try
        {
            RankSupervisorSettings ranksSettings = new(
                child.Recipe.World.Ranks, child.Recipe.World.RanksPatience, child.Recipe.World.SupervisorTimeout, () => RandomNumberGenerator.GetBytes(SecretBytes))
            {
                Guards = child.Drill.Guards,
                ReplacesSlow = child.Recipe.World.ReplacesSlow,
                DescribeWithin = child.Recipe.World.OperationTimeout < LongestDescription ? child.Recipe.World.OperationTimeout : LongestDescription,
                WriteReport = child.Folder.WriteHang,
            };
            IActorRef ranks = system.ActorOf(Props.Create(() => new RankSupervisor(ranksSettings)), "ranks");
            TaskCompletionSource listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            system.ActorOf(Props.Create(() => new RankProxies(links, ranks, listed)), "processes");
            child.Ready();
            await listed.Task; // a successor that asked before it knew of every rank would take a world for broken that is whole
            IPhaseProbe probe = child.Probe;
            IActorRef run = system.ActorOf(
                BackoffSupervisor.Props(Backoff.OnStop(
                    Props.Create(() => new RunSupervisor(settings, store, ranks, time, probe)), "supervisor",
                    TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), 0.2, -1).WithDefaultStoppingStrategy()),
                "run");
            links.Tell(new Publish(run), ActorRefs.NoSender);
            child.SupervisorIsUp();
            await child.End;
            return ExitCodes.Done;
        }
        finally
        {
            await system.Terminate();
        }
    }

    // The lock is the kernel's and goes with its holder: who takes it knows that the coordinator before is dead, not only unheard.
    private static async Task<FileStream> TakeLock(string path, TimeProvider time)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (time.GetElapsedTime(started) < PredecessorPatience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), time);
            }
        }
    }
}
