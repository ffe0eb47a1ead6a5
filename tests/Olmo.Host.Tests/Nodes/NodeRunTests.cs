using Olmo.Host.Tests.Processes;
using static Olmo.Host.Tests.Nodes.ChildSight;

namespace Olmo.Host.Tests.Nodes;

/// <summary>A coordinator process and a rank process under a node, killed and frozen from outside: the weights are those of one process that nobody touched.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class NodeRunTests(TinyRuns runs)
{
    private static readonly string[] Processes = ["--set", "ranks.processes=true", "--set", "ranks.silence=500 ms"];

    // Steps that write, and wait for nobody.
    private static readonly string[] Writing = [.. Processes, .. TinyRuns.Paced, "--set", "checkpoint.interval=1"];

    [Fact]
    public async Task Run_InProcesses_EndsWithTheWeightsOfOneProcess()
    {
        (int code, string output) = await OlmoProcess.Run(runs.Command(runs.New(), Processes));

        Assert.True(code == 0, output);
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(output));
        Assert.Equal(Enumerable.Range(1, TinyRuns.Steps).Select(s => (long)s), StepsIn(output));
    }

    [Fact]
    public async Task Run_ConvictedPlacesCannotBeRead_ExitsTwoAndNamesTheFileAndTheLine()
    {
        string folder = runs.New();
        string file = Path.Combine(folder, "processes", "convicted-places");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, "1 2\ntwo\n");

        (int code, string output) = await OlmoProcess.Run(runs.Command(folder, Processes));

        Assert.Equal(2, code);
        Assert.Contains($"'{file}': expected a place and its convictions, found 'two'", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rank_ThatIsReady_YieldsToWhatStartsAndToTheCoordinator()
    {
        using OlmoProcess run = OlmoProcess.Start(runs.Command(runs.New(), Writing));
        int coordinator = ProcessId(await run.Next("^coordinator 1: started"));
        int rank = ProcessId(await run.Next("^rank 2: started"));
        await UntilStep(run, 1);

        int nice = Math.Max(5, NiceOf(coordinator)); // the coordinator's is the value that the run was started with
        Assert.Equal(nice, NiceOf(rank));
        string group = $"/proc/{rank}/autogroup";
        Assert.True(!File.Exists(group) || File.ReadAllText(group).EndsWith($" nice {nice}\n", StringComparison.Ordinal), File.Exists(group) ? File.ReadAllText(group) : "");
        int code = await run.End();
        Assert.True(code == 0, run.Output);
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(run.Output));
    }

    [Fact]
    public async Task Coordinator_Killed_SuccessorAdoptsTheRankAndNoStepIsLost()
    {
        using OlmoProcess run = OlmoProcess.Start(runs.Command(runs.New(), Writing));
        int coordinator = ProcessId(await run.Next("^coordinator 1: started"));
        await UntilStep(run, 10);

        Signal(coordinator, KillNow);
        await AssertSuccessorAdopts(run);
    }

    [Fact]
    public async Task Coordinator_Frozen_StepsGoOnWithoutIt()
    {
        using OlmoProcess run = OlmoProcess.Start(runs.Command(runs.New(), Writing));
        int coordinator = ProcessId(await run.Next("^coordinator 1: started"));
        await UntilStep(run, 10);

        Signal(coordinator, Stop);
        await run.Next("^coordinator 1: is silent");
        await UntilStep(run, TinyRuns.Steps); // every step, and none of their commits
        Signal(coordinator, Continue);

        int code = await run.End();
        Assert.True(code == 0, run.Output);
        AssertOneGenerationOfEveryStep(run.Output);
        Assert.DoesNotContain("coordinator 1: ended by signal", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Coordinator_FrozenBeyondTheRecipesTimeout_IsReplaced()
    {
        using OlmoProcess run = OlmoProcess.Start(runs.Command(runs.New(), [.. Writing, "--set", "ranks.frozen-coordinator-timeout=1 s"]));
        int coordinator = ProcessId(await run.Next("^coordinator 1: started"));
        await UntilStep(run, 10);

        Signal(coordinator, Stop);
        await run.Next("^coordinator 1: is silent");
        await AssertSuccessorAdopts(run);
    }

    [Fact]
    public async Task Rank_Killed_IsReplacedAndResumesFromTheNewestCheckpoint()
    {
        using OlmoProcess run = OlmoProcess.Start(runs.Command(runs.New(), Writing));
        int rank = ProcessId(await run.Next("^rank 2: started"));
        await run.NextCommit();
        await UntilStep(run, 10);

        Signal(rank, KillNow);
        await run.Next("^rank 2: ended by signal 9");
        await run.Next("^rank 3: ready");
        string resumed = await run.Next("^resumed from step");

        int code = await run.End();
        Assert.True(code == 0, run.Output);
        Assert.True(OlmoProcess.NumberIn(resumed) >= 1, resumed);
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(run.Output));
    }

    [Fact]
    public async Task Rank_Frozen_IsKilledAfterTheSupervisorsTimeoutAndReplaced()
    {
        string[] ladder = ["--set", "ranks.operation-timeout=1 s", "--set", "ranks.step-timeout=4 s", "--set", "ranks.supervisor-timeout=6 s"];
        using OlmoProcess run = OlmoProcess.Start(runs.Command(runs.New(), [.. Writing, .. ladder]));
        int rank = ProcessId(await run.Next("^rank 2: started"));
        await run.NextCommit();
        await UntilStep(run, 10);

        Signal(rank, Stop);
        await run.Next("^rank 2: is silent");
        await run.Next("^fault at step [0-9]+: ProcessLost: rank 2 is silent");
        await run.Next("^rank 2: ended by signal 9");
        await run.Next("^rank 3: ready");

        int code = await run.End();
        Assert.True(code == 0, run.Output);
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(run.Output));
    }

    [Fact]
    public async Task Spare_RankKilled_TakesItsPlace()
    {
        using OlmoProcess run = OlmoProcess.Start(runs.Command(runs.New(), [.. Writing, "--set", "ranks.spares=1", "--set", "ranks.respawn=false"]));
        int first = ProcessId(await run.Next("^rank 2: started"));
        await run.Next("^rank 3: ready");
        await UntilStep(run, 10);

        Signal(first, KillNow);

        int code = await run.End();
        Assert.True(code == 0, run.Output);
        Assert.DoesNotContain("rank 4", run.Output, StringComparison.Ordinal);
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(run.Output));
    }

    [Fact]
    public async Task Node_Killed_ChildrenAreGoneWithinASecondAndTheSameCommandResumes()
    {
        string[] command = runs.Command(runs.New(), Writing);
        using OlmoProcess run = OlmoProcess.Start(command);
        int coordinator = ProcessId(await run.Next("^coordinator 1: started")), rank = ProcessId(await run.Next("^rank 2: started"));
        await run.NextCommit();
        await UntilStep(run, 10);

        run.KillAlone();

        Assert.Empty(await LivingAfter(TimeSpan.FromSeconds(1), coordinator, rank));
        (int code, string output) = await OlmoProcess.Run(command);
        Assert.True(code == 0, output);
        Assert.True(TinyRuns.ResumedFrom(output) >= 1);
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(output));
        Assert.Contains("rank 4: ready", output, StringComparison.Ordinal); // numbers are never given twice in a run
    }

    [Fact]
    public async Task Node_Terminated_ChildrenSaveTheStateAndTheCommandExitsWith4()
    {
        string[] command = runs.Command(runs.New(), Writing);
        using OlmoProcess run = OlmoProcess.Start(command);
        int coordinator = ProcessId(await run.Next("^coordinator 1: started")), rank = ProcessId(await run.Next("^rank 2: started"));
        await UntilStep(run, 10);

        run.Signal(OlmoProcess.Terminate);

        int code = await run.End();
        Assert.True(code == 4, run.Output);
        Assert.Empty(await LivingAfter(TimeSpan.Zero, coordinator, rank));
        long stopped = TinyRuns.StoppedStep(run.Output);
        (code, string output) = await OlmoProcess.Run(command);
        Assert.True(code == 0, output);
        Assert.Equal(stopped, TinyRuns.ResumedFrom(output));
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(output));
    }

    [Fact]
    public async Task Children_AreOutOfTheTerminalsSessionAndCarryNoSecretInTheirArguments()
    {
        // The writer stands still in the third step's files: the run cannot end by its first signal.
        using OlmoProcess run = OlmoProcess.Start(runs.Command(runs.New(), Writing), pauseAt: "shard-write:8");
        int coordinator = ProcessId(await run.Next("^coordinator 1: started")), rank = ProcessId(await run.Next("^rank 2: started"));
        await UntilStep(run, 3);

        Assert.Equal(coordinator, SessionOf(coordinator));
        Assert.Equal(rank, SessionOf(rank));
        Assert.Equal(["coordinator"], CommandLine(coordinator)[1..]);
        Assert.Equal(["rank"], CommandLine(rank)[1..]);

        // The second signal ends the node at once, and its children with it.
        run.Signal(OlmoProcess.Interrupt);
        await run.Next("^stopping after the step that runs");
        run.Signal(OlmoProcess.Interrupt);
        await run.End();
        Assert.Empty(await LivingAfter(TimeSpan.FromSeconds(1), coordinator, rank));
    }

    [Fact]
    public async Task Verb_OfAChild_CalledByAPersonIsRefused()
    {
        using OlmoProcess rank = OlmoProcess.Start(["rank"]);

        int code = await rank.End();

        Assert.Equal(2, code);
        Assert.Contains("olmo: this verb is started by 'olmo run' alone", rank.Output, StringComparison.Ordinal);
    }

    private async Task AssertSuccessorAdopts(OlmoProcess run)
    {
        await run.Next("^coordinator 1: ended by signal 9");
        await run.Next("^coordinator 3: ready");

        int code = await run.End();
        Assert.True(code == 0, run.Output);
        AssertOneGenerationOfEveryStep(run.Output);
    }

    private void AssertOneGenerationOfEveryStep(string output)
    {
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(output));
        Assert.Equal(Enumerable.Range(1, TinyRuns.Steps).Select(s => (long)s), StepsIn(output));
        Assert.DoesNotContain("(generation 2", output, StringComparison.Ordinal);
    }
}
