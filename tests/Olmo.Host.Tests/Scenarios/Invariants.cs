using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Host.Runs;
using Olmo.Host.Tests.Nodes;
using Olmo.Host.Tests.Processes;
using Olmo.Runtime.Storage;

namespace Olmo.Host.Tests.Scenarios;

/// <summary>What holds after every scenario, whatever was injected. The quiet run has a checkpoint of every step, so that each committed shard has its counterpart.</summary>
internal static partial class Invariants
{
    /// <summary>Checks a run that is over.</summary>
    /// <param name="runFolder">Its folder.</param>
    /// <param name="output">What its processes said.</param>
    /// <param name="quiet">Folder of the reference without a fault.</param>
    /// <param name="lostAtMost">Steps that may have been lost to a checkpoint, all fall-backs together.</param>
    /// <param name="reason">Why it must have stopped; of a completed run the weights must be the quiet run's.</param>
    public static async Task Check(string runFolder, string output, string quiet, long lostAtMost, StopReason reason = StopReason.Completed)
    {
        RunEvent[] events = await Read<RunEvent>(runFolder, "run");
        CheckpointEvent[] checkpoints = await Read<CheckpointEvent>(runFolder, "checkpoints");
        CheckpointEvent[] reference = await Read<CheckpointEvent>(quiet, "checkpoints");

        CommittedOnce(checkpoints);
        EqualBits(checkpoints, reference);
        NumbersOnlyRise(events);
        LostAtMost(runFolder, events, lostAtMost);
        FilesAreWhole(runFolder);
        EqualLosses(runFolder, quiet);
        OneReason(events, reason);
        Assert.Empty(await ChildSight.LivingAfter(TimeSpan.FromSeconds(2), ProcessesIn(output)));
        if (reason is StopReason.Completed)
        {
            string weights = ((RunStopped)(await Read<RunEvent>(quiet, "run"))[^1]).Detail;
            Assert.Equal(weights, ((RunStopped)events[^1]).Detail);
        }

        (int code, string verified) = await OlmoProcess.Run(["checkpoint", "verify", runFolder, "--all"]);
        Assert.True(code == 0, verified);
        if (reason is StopReason.Completed)
        {
            (_, string status) = await OlmoProcess.Run(["status", runFolder]);
            Assert.True(status.Contains("every sequence once", StringComparison.Ordinal), status);
        }
    }

    /// <summary>The events of a journal, from the first.</summary>
    public static async Task<T[]> Read<T>(string folder, string entity)
    {
        const int Most = 100_000;
        RunFolder run = new(folder);
        await using SqliteJournalStore store = await SqliteJournalStore.OpenAsync(new SqliteStoreOptions { Path = run.Journal }, CancellationToken.None);
        string name = await File.ReadAllTextAsync(run.RunNameFile);
        IReadOnlyList<StoredEvent> stored = await store.ReplayAsync($"{entity}/{name}", 1, long.MaxValue, Most, CancellationToken.None);
        return [.. stored.Select(e => RunJournal.Contracts().Decode(e.Manifest, e.Payload)).Cast<T>()];
    }

    // I1: a step that was committed is committed again only after its checkpoint was rejected.
    private static void CommittedOnce(CheckpointEvent[] checkpoints)
    {
        HashSet<(int Timeline, long Step)> standing = [];
        foreach (CheckpointEvent happened in checkpoints)
        {
            if (happened is CheckpointCommitted one)
            {
                Assert.True(standing.Add((one.Timeline, one.Step)), $"step {one.Step} of timeline {one.Timeline} was committed twice");
            }
            else if (happened is CheckpointRejected bad)
            {
                standing.Remove((bad.Timeline, bad.Step));
            }
        }

        CheckpointCommitted[] committed = [.. checkpoints.OfType<CheckpointCommitted>()];
        Assert.Equal(committed.Length, committed.Select(c => c.Manifest).Distinct(StringComparer.Ordinal).Count());
    }

    // I2, I8: names of shard files are the digests of their content. I3: the ledger of a step too is that of the quiet run.
    private static void EqualBits(CheckpointEvent[] checkpoints, CheckpointEvent[] reference)
    {
        Dictionary<long, CheckpointCommitted> quiet = reference.OfType<CheckpointCommitted>().ToDictionary(c => c.Step);
        foreach (CheckpointCommitted committed in checkpoints.OfType<CheckpointCommitted>())
        {
            Assert.Equal(quiet[committed.Step].Shards.Order(StringComparer.Ordinal), committed.Shards.Order(StringComparer.Ordinal));
            Assert.Equal(quiet[committed.Step].Ledger, committed.Ledger);
        }
    }

    // I4, I9: a file has its name's digest, and nothing half-written is left.
    private static void FilesAreWhole(string runFolder)
    {
        string root = new RunFolder(runFolder).Checkpoints;
        foreach (string file in Directory.EnumerateFiles(Path.Combine(root, "shards")))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            using FileStream content = File.OpenRead(file);
            Assert.Equal(name[(name.IndexOf('-', StringComparison.Ordinal) + 1)..], Convert.ToHexStringLower(SHA256.HashData(content)));
        }

        Assert.Empty(Directory.EnumerateFiles(Path.Combine(root, ".writing"), "*", SearchOption.AllDirectories));
    }

    // I5
    private static void NumbersOnlyRise(RunEvent[] events)
    {
        GenerationStarted[] started = [.. events.OfType<GenerationStarted>()];
        for (int i = 1; i < started.Length; i++)
        {
            Assert.True(started[i].Generation > started[i - 1].Generation, $"generation {started[i].Generation} after {started[i - 1].Generation}");
            Assert.True(started[i].Token >= started[i - 1].Token, $"token {started[i].Token} after {started[i - 1].Token}");
        }

        WorldFormed[] formed = [.. events.OfType<WorldFormed>()];
        Assert.Equal(formed.Length, formed.Select(f => f.Generation).Distinct().Count());
    }

    // I7: steps that were done, as the metrics have it, and are done again.
    private static void LostAtMost(string runFolder, RunEvent[] events, long most)
    {
        long lost = 0;
        (long Step, long Generation)[] done = [.. Metrics(runFolder).Select(m => (m.Step, m.Generation))];
        foreach (WorldFormed formed in events.OfType<WorldFormed>().Where(f => done.Any(d => d.Generation == f.Generation)))
        {
            long newest = done.Where(d => d.Generation < formed.Generation).Select(d => d.Step).DefaultIfEmpty(0).Max();
            lost += Math.Max(0, newest - formed.StateStep);
            Assert.True(formed.Source is not StateSource.Initial || newest == 0, $"generation {formed.Generation} began anew after step {newest}");
        }

        Assert.True(lost <= most, $"{lost} steps were lost, {most} may be");
    }

    // I8
    private static void EqualLosses(string runFolder, string quiet)
    {
        Dictionary<long, string> expected = Metrics(quiet).ToDictionary(m => m.Step, m => m.Loss);
        foreach ((long step, _, string loss) in Metrics(runFolder))
        {
            Assert.Equal((step, expected[step]), (step, loss));
        }
    }

    // I10
    private static void OneReason(RunEvent[] events, StopReason reason)
    {
        int last = Array.FindLastIndex(events, e => e is GenerationStarted);
        RunStopped stopped = Assert.Single(events[(last + 1)..].OfType<RunStopped>());
        Assert.Equal(reason, stopped.Reason);
        Assert.Same(stopped, events[^1]);
    }

    private static IEnumerable<(long Step, long Generation, string Loss)> Metrics(string folder)
    {
        foreach (string line in File.ReadLines(new RunFolder(folder).Metrics))
        {
            JsonElement step = JsonDocument.Parse(line).RootElement;
            yield return (step.GetProperty("step").GetInt64(), step.GetProperty("generation").GetInt64(), step.GetProperty("loss").GetRawText());
        }
    }

    private static int[] ProcessesIn(string output) => [.. ProcessId().Matches(output).Select(m => int.Parse(m.Groups[1].Value))];

    [GeneratedRegex("process id ([0-9]+)")]
    private static partial Regex ProcessId();
}
