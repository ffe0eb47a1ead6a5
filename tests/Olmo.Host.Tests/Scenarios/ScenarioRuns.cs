using Olmo.Host.Tests.Nodes;
using Olmo.Host.Tests.Processes;

namespace Olmo.Host.Tests.Scenarios;

/// <summary>A recipe of seconds for worlds of rank processes, its quiet run with a checkpoint of every step, and a run whose node was killed on the way; made once for all scenarios.</summary>
public sealed class ScenarioRuns : IAsyncLifetime
{
    /// <summary>Steps of the recipe.</summary>
    public const int Steps = 24;

    /// <summary>Steps between two checkpoints of a scenario.</summary>
    public const int Interval = 6;

    private static readonly string[] EveryStep = ["checkpoint.interval=1", "checkpoint.max-lag=0"];

    private readonly string _root = Directory.CreateTempSubdirectory("olmo-scenarios-").FullName;
    private int _copies;

    /// <summary>Folder of the quiet run.</summary>
    internal string Quiet => Path.Combine(_root, "quiet");

    /// <summary>Folder of a run of two ranks that were killed with their node, its coordinator too, one step after the second checkpoint was committed.</summary>
    internal string Interrupted => Path.Combine(_root, "interrupted");

    /// <summary>Digest of the weights of the quiet run.</summary>
    internal string Weights { get; private set; } = "";

    private string RecipeFile => Path.Combine(_root, "scenario.conf");

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        try
        {
            await Make();
        }
        catch
        {
            await DisposeAsync(); // xunit does not, where the making fails
            throw;
        }
    }

    /// <inheritdoc />
    public Task DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>Arguments of <c>olmo run</c> for a folder, without ranks.</summary>
    internal string[] Command(string folder, params string[] sets) =>
        ["run", RecipeFile, "--set", $"run.folder={folder}", .. sets.SelectMany(s => (string[])["--set", s])];

    /// <summary>A folder for a run that has its data but no step.</summary>
    internal string New()
    {
        string folder = Path.Combine(_root, $"run-{Interlocked.Increment(ref _copies)}");
        TinyRuns.Copy(Path.Combine(Quiet, "data"), Path.Combine(folder, "data"));
        return folder;
    }

    /// <summary>A run without a fault of a recipe that differs in some keys, with a checkpoint of every step.</summary>
    /// <returns>Its folder.</returns>
    internal async Task<string> QuietOf(string[] sets)
    {
        string folder = New();
        (int code, string output) = await OlmoProcess.Run(Command(folder, [.. sets, .. EveryStep]));
        Assert.True(code == 0, output);
        return folder;
    }

    /// <summary>A copy of a whole run.</summary>
    internal string CopyOf(string run)
    {
        string folder = Path.Combine(_root, $"run-{Interlocked.Increment(ref _copies)}");
        TinyRuns.Copy(run, folder);
        return folder;
    }

    private async Task Make()
    {
        string corpus = Path.Combine(_root, "corpus.txt");
        TinyRuns.WriteCorpus(corpus);
        await File.WriteAllTextAsync(RecipeFile, $$"""
            run { name = scenario, steps = {{Steps}} }
            data { source = text, path = "{{corpus}}", held-out = 0.4, filter-repetitions = false }
            tokenizer { vocabulary = 300, max-bytes = 100000 }
            model { width = 32, layers = 2, heads = 2, ffn = 64 }
            batch { sequence-length = 32, groups = 6 }
            state.shards = 4
            compute.threads = 1
            optimizer.learning-rate = 4e-3
            schedule.warmup-steps = 5
            checkpoint { interval = {{Interval}}, keep = 1000 }
            evaluation.max-tokens = 256
            sample.prompt = ""
            metrics.log-interval = 1
            journal.busy-timeout = 200 ms
            ranks { threads = 1, silence = 15 s }
            supervision { max-faults = 40, max-faults-without-progress = 6 }
            """);
        (int code, string output) = await OlmoProcess.Run(Command(Quiet, EveryStep));
        Assert.True(code == 0, output);
        Weights = TinyRuns.WeightsIn(output);

        TinyRuns.Copy(Path.Combine(Quiet, "data"), Path.Combine(Interrupted, "data"));
        using OlmoProcess run = OlmoProcess.Start(Command(Interrupted, "ranks.count=2", "checkpoint.max-lag=0", "drill.faults=[" + ScenarioRun.Freeze("2", (2 * Interval) + 2) + "]"));
        int frozen = ChildSight.ProcessId(await run.Next("^rank 2: started"));
        while (await run.NextCommit() < 2 * Interval)
        {
        }

        await ChildSight.UntilStopped(frozen);
        int[] children = [.. run.Children()];
        run.KillAlone();
        await run.End();
        Assert.Empty(await ChildSight.LivingAfter(TimeSpan.FromSeconds(2), children));
        Directory.Delete(Path.Combine(Interrupted, "drill"), recursive: true);
    }
}

/// <summary>Scenarios take their turns: they share two cores and the runs made once.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ScenariosCollection : ICollectionFixture<ScenarioRuns>
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "scenarios";
}
