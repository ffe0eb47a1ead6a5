using System.Collections.Immutable;
using Olmo.Actors.Drills;
using Olmo.Actors.Metrics;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Data;
using Olmo.Data.Instances;
using Olmo.Data.Preparation;
using Olmo.Host.Nodes;
using Olmo.Host.Recipes;
using Olmo.Model.Models;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Hosting;
using Olmo.Runtime.Pattern;

namespace Olmo.Host.Runs;

/// <summary>One process that works on a run: takes the folder's lock, prepares data, starts the actors, waits for the end, reports it. The composition root.</summary>
internal sealed class RunProcess(Recipe recipe, bool acceptNewTimeline, TextWriter output, TimeProvider time, string? pauseAt)
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(60);
    private readonly RunFolder _folder = new(recipe.Run.Folder);

    /// <summary>Runs to the end of the training, or until <paramref name="stop"/> is cancelled: then the state is saved first.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> Run(CancellationToken stop)
    {
        string numericsId = RunDevice.NumericsIdOf(recipe);
        using RunFolderLock held = RunFolderLock.Take(_folder, time, LockPatience, output);
        LostJournal.Refuse(_folder);
        using LauncherWatch launcher = new(time, stop);
        using TracePhaseProbe trace = new(_folder.Trace, time, pauseAt);
        using RunDiagnosis diagnosis = new(output, time, trace);
        await File.WriteAllTextAsync(_folder.RunNameFile, recipe.Run.Name, CancellationToken.None);
        await File.WriteAllTextAsync(_folder.ResolvedRecipe, recipe.Resolved, CancellationToken.None);
        ProgressLine line = new(output, isTerminal: !Console.IsOutputRedirected, Width(), recipe.LogInterval);
        SayDrill(line);
        PreparedData data;
        try
        {
            data = new DataStage(recipe, _folder, trace, line).Run(launcher.Stop);
        }
        catch (OperationCanceledException)
        {
            output.WriteLine("stopped while preparing data; the same command goes on");
            return ExitCodes.Preempted;
        }
        catch (Exception e) when (e is DataException or IOException)
        {
            output.WriteLine($"{StopReason.PreparationFailed}: {e.Message}");
            return ExitCodes.Failed;
        }

        using InstanceDataSet train = data.OpenTrain(recipe.Batch.SequenceLength, recipe.Data.FiltersRepetitions ? new RepetitionFilter() : null);
        using InstanceDataSet? heldOut = data.HeldOut.Files.Count > 0 ? data.OpenHeldOut(recipe.Batch.SequenceLength) : null;
        TrainingPlan plan = TrainingPlan.Of(recipe, data, train);
        ParameterList parameters = plan.Parameters;
        line.Say(
            $"model: {recipe.Model.Family}, {parameters.Elements / 1e6:0.00} M parameters, {plan.Config.Layers} layers of width {plan.Config.Width}, vocabulary {plan.Config.Vocabulary}; "
            + $"{plan.TotalSteps} steps of {plan.Step.TokensPerBatch:N0} tokens; {(recipe.Compute.IsCuda ? numericsId : $"{plan.Threads} threads, {plan.Width}")}");
        RunEnd end = recipe.World.UsesProcesses
            ? await new NodeRun(recipe, _folder, data, numericsId, acceptNewTimeline, line, time).Train(plan.TotalSteps, launcher.Stop)
            : await Train(plan, numericsId, parameters, data, train, heldOut, trace, diagnosis, line, launcher.Stop);
        return Report(end, plan, data, train, heldOut, line);
    }

    // Who reads the folder later must know too.
    private void SayDrill(ProgressLine line)
    {
        if (!recipe.Drill.IsEmpty)
        {
            Directory.CreateDirectory(_folder.Drill);
            File.WriteAllText(_folder.DrillSettings, $"{recipe.Drill}\n");
            line.Say($"drill: {recipe.Drill}");
        }
    }

    private static int Width()
    {
        try
        {
            return Console.IsOutputRedirected ? 0 : Console.WindowWidth;
        }
        catch (IOException)
        {
            return 0; // a terminal without a size
        }
    }

    private async Task<RunEnd> Train(
        TrainingPlan plan, string numericsId, ParameterList parameters, PreparedData data, InstanceDataSet train, InstanceDataSet? heldOut, IPhaseProbe trace, RunDiagnosis diagnosis, ProgressLine line,
        CancellationToken stop)
    {
        IDrill drill = Drill.Of(recipe.Drill, DrillFault.OnlyProcess, isCoordinator: true, _folder.Drill, time);
        (IObjectStore store, IPhaseProbe probe) = RunStore.Open(_folder, time, "run", drill, trace);
        RankParts parts = RankParts.Of(recipe, 0, 0, _folder, plan, data, train, heldOut, drill);
        await using RunJournal journal = await RunJournal.Open(_folder.Journal, recipe.Journal.BusyTimeout, time);
        RunSupervisorSettings settings = new(
            new RunIdentity(recipe.Run.Name, journal.Token),
            new RunCreated(
                recipe.Run.Name, numericsId, recipe.NumericSettings, parameters.Layout(recipe.Shards).Hash, train.Fingerprint, plan.TotalSteps),
            acceptNewTimeline, recipe.Supervision.Policy, recipe.Checkpoints,
            new WorldRecipe(1, 1, 1, plan.Step.Groups, recipe.Shards, parameters.Layout(recipe.Shards).Layers), recipe.Journal.SnapshotInterval, RankParts.Resend)
        {
            Guards = drill.Guards,
        };
        TaskCompletionSource<RunEnd> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ActorSystem system = new ActorSystemOptions
        {
            Time = time,
            ShutDownOnProcessExit = false, // signals are the command's: it saves the state first
            Extensions = ImmutableDictionary<Type, object>.Empty.Add(typeof(PersistenceServices), journal.Services),
        }.CreateSystem("olmo");
        diagnosis.Watch(system);
        try
        {
            EngineFactory engines = new(parts.Engine, time, probe, drill);
            system.ActorOf(Props.Create(() => new ProgressActor(line, plan.TotalSteps, recipe.JournalOutage, time, end)), "progress");
            system.ActorOf(Props.Create(() => new MetricsActor(_folder.Metrics, time)), "metrics");
            system.ActorOf(Props.Create(() => new RecoveryLog(_folder.Recoveries, time)), "recoveries");
            IActorRef rank = system.ActorOf(Props.Create(() => new RankActor(parts.Settings, engines, parts.Batches, store, NoDataPlane.Instance, time, probe)), "rank");
            RankSupervisorSettings ranksSettings = new(1, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30), () => []) { Guards = drill.Guards };
            IActorRef ranks = system.ActorOf(Props.Create(() => new RankSupervisor(ranksSettings)), "ranks");
            ranks.Tell(new RanksChanged([new RankEntry(0, rank, IsReady: true, IsSilent: false)]), ActorRefs.NoSender);
            IActorRef run = system.ActorOf(
                BackoffSupervisor.Props(Backoff.OnStop(
                    Props.Create(() => new RunSupervisor(settings, store, ranks, time, probe)), "supervisor",
                    TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), 0.2, -1).WithDefaultStoppingStrategy()),
                "run");
            await using CancellationTokenRegistration asked = stop.Register(() => run.Tell(new RequestStop("signal"), ActorRefs.NoSender));
            return await end.Task;
        }
        finally
        {
            await system.Terminate();
            diagnosis.Watch(null);
        }
    }

    private int Report(RunEnd end, TrainingPlan plan, PreparedData data, InstanceDataSet train, InstanceDataSet? heldOut, ProgressLine line)
    {
        switch (end.Reason)
        {
            case StopReason.Completed:
                RunSummary.Write(recipe, _folder, end, plan, train, heldOut, output);
                return ExitCodes.Done;
            case StopReason.Preempted:
                line.Say($"stopped at step {end.Step}: {end.Detail}");
                return ExitCodes.Preempted;
            case StopReason.RecipeChanged:
                throw new UsageException(end.Detail);
            default:
                line.Say($"{end.Reason} at step {end.Step}: {end.Detail}");
                return ExitCodes.Failed;
        }
    }

    private sealed class EngineFactory(OlmoRankSettings settings, TimeProvider time, IPhaseProbe probe, IDrill drill) : IRankEngineFactory
    {
        public IWorldEngine Create(int rankId) => new WorldEngine(rankId, settings, time, probe, drill);
    }
}
