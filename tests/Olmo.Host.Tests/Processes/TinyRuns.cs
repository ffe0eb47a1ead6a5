using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Olmo.Host.Tests.Processes;

/// <summary>
/// A recipe of seconds, its unbroken run and one that was stopped on the way, made once for all tests of processes. Tests work on copies; the prepared data comes along.
/// </summary>
public sealed class TinyRuns : IAsyncLifetime
{
    /// <summary>Steps of the recipe.</summary>
    public const int Steps = 120;

    /// <summary>Every step waits a little: same bits, and slow enough to be met on the way on any machine.</summary>
    internal static readonly string[] Paced = ["--set", "drill.faults=[{ do = slow, at = step, steps = 1000000, duration = 30 ms, once = false }]"];

    /// <summary>The same, and every step is a committed checkpoint.</summary>
    internal static readonly string[] Slowly = [.. Paced, "--set", "checkpoint.interval=1", "--set", "checkpoint.max-lag=0"];

    private readonly string _root = Directory.CreateTempSubdirectory("olmo-processes-").FullName;
    private int _copies;

    /// <summary>Digest of the weights of the unbroken run.</summary>
    internal string Weights { get; private set; } = "";

    /// <summary>Folder of the unbroken run.</summary>
    internal string Quiet => Path.Combine(_root, "quiet");

    /// <summary>Folder of a run that was stopped by SIGTERM at <see cref="StoppedAt"/>.</summary>
    internal string Stopped => Path.Combine(_root, "stopped");

    /// <summary>Step of the newest checkpoint of <see cref="Stopped"/>.</summary>
    internal long StoppedAt { get; private set; }

    /// <summary>The text that the model learns.</summary>
    private string Corpus => Path.Combine(_root, "corpus.txt");

    private string RecipeFile => Path.Combine(_root, "tiny.conf");

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

    /// <summary>Arguments of <c>olmo run</c> for a folder.</summary>
    internal string[] Command(string folder, params string[] more) => ["run", RecipeFile, "--set", $"run.folder={folder}", .. more];

    /// <summary>Digest that a completed run printed.</summary>
    internal static string WeightsIn(string output) => Match(output, "^weights sha256 (?<found>[0-9a-f]{64})");

    /// <summary>Step at which a stopped run says that it stopped.</summary>
    internal static long StoppedStep(string output) => long.Parse(Match(output, "^stopped at step (?<found>[0-9]+)"), CultureInfo.InvariantCulture);

    /// <summary>Step that a run resumed from.</summary>
    internal static long ResumedFrom(string output) => long.Parse(Match(output, "^resumed from step (?<found>[0-9]+)"), CultureInfo.InvariantCulture);

    /// <summary>A folder for a run that has its data but no step.</summary>
    internal string New()
    {
        string folder = Path.Combine(_root, $"run-{Interlocked.Increment(ref _copies)}");
        CopyData(folder);
        return folder;
    }

    /// <summary>A copy of a whole run.</summary>
    internal string CopyOf(string run)
    {
        string folder = Path.Combine(_root, $"run-{Interlocked.Increment(ref _copies)}");
        Copy(run, folder);
        return folder;
    }

    private async Task Make()
    {
        WriteCorpus(Corpus);
        await File.WriteAllTextAsync(RecipeFile, $$"""
            run { name = tiny, steps = {{Steps}} }
            data { source = text, path = "{{Corpus}}", held-out = 0.4, filter-repetitions = false }
            tokenizer { vocabulary = 300, max-bytes = 100000 }
            model { width = 32, layers = 1, heads = 2, ffn = 64 }
            batch { sequence-length = 32, groups = 2 }
            state.shards = 4
            compute.threads = 1
            optimizer.learning-rate = 4e-3
            schedule.warmup-steps = 5
            checkpoint.interval = 10
            evaluation.max-tokens = 256
            sample.prompt = ""
            metrics.log-interval = 1
            journal.busy-timeout = 200 ms
            """);
        (int code, string output) = await OlmoProcess.Run(Command(Quiet));
        Assert.True(code == 0, output);
        Weights = WeightsIn(output);

        CopyData(Stopped);
        using OlmoProcess run = OlmoProcess.Start(Command(Stopped, Slowly));
        while (await run.NextCommit() < 10)
        {
        }

        run.Signal(OlmoProcess.Terminate);
        code = await run.End();
        Assert.True(code == 4, run.Output);
        StoppedAt = StoppedStep(run.Output);
    }

    private static string Match(string output, string pattern)
    {
        Match match = Regex.Match(output, pattern, RegexOptions.Multiline, TimeSpan.FromSeconds(1));
        return match.Success ? match.Groups["found"].Value : throw new InvalidOperationException($"no '{pattern}' in:\n{output}");
    }

    private void CopyData(string folder) => Copy(Path.Combine(Quiet, "data"), Path.Combine(folder, "data"));

    internal static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }

        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }

    internal static void WriteCorpus(string path)
    {
        string[] words = ["actor", "state", "step", "shard", "owner", "sum", "group", "lease", "token", "rank", "world", "batch", "model", "text", "loss", "norm"];
        StringBuilder text = new();
        for (uint i = 0; i < 30_000; i++)
        {
            text.Append(words[((i * 2654435761u) ^ (i * i)) >> 28]).Append(i % 17 == 16 ? ".\n" : " ");
        }

        File.WriteAllText(path, text.ToString());
    }
}

/// <summary>Tests of processes take their turns: they share two cores and the runs made once.</summary>
[CollectionDefinition(Name)]
public sealed class ProcessesCollection : ICollectionFixture<TinyRuns>
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "processes";
}
