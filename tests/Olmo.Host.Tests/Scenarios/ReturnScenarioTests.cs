using Olmo.Host.Tests.Nodes;
using Olmo.Host.Tests.Processes;
using static Olmo.Host.Tests.Scenarios.ScenarioRun;

namespace Olmo.Host.Tests.Scenarios;

/// <summary>All processes die and come back, files change while they are away, ranks leave and return.</summary>
[Collection(ScenariosCollection.Name)]
public sealed class ReturnScenarioTests(ScenarioRuns runs)
{
    [ScenarioFact]
    public Task F41_AllNodesDie()
    {
        string[] guards = ["checkpoint-resume"];
        return Scenario.Run(nameof(F41_AllNodesDie), guards, async () =>
        {
            ScenarioRun run = new(runs, guards, runs.Interrupted);
            long newest = Newest(run.Folder);

            string output = await run.Complete([], TwoRanks);

            Assert.Equal(newest, TinyRuns.ResumedFrom(output));
            await run.Check(output, lostAtMost: ScenarioRuns.Interval);
        });
    }

    [ScenarioFact]
    public Task F23_TornFile() => BadFile(nameof(F23_TornFile), "fall-back", bytes => bytes[..(bytes.Length / 2)]);

    [ScenarioFact]
    public Task F24_BitFlipShard() => BadFile(nameof(F24_BitFlipShard), "file-digest", bytes =>
    {
        bytes[bytes.Length / 2] ^= 0x10;
        return bytes;
    });

    [ScenarioFact]
    public Task F43_StaleRejoin()
    {
        string[] guards = ["thawed-is-spare"];
        return Scenario.Run(nameof(F43_StaleRejoin), guards, async () =>
        {
            // A frozen rank is left out; the world that went on without it dies; then it comes back and is the only one that holds a state.
            ScenarioRun run = new(runs, guards);
            using OlmoProcess process = run.Start(
                ["{ do = freeze, at = forward, rank = 3, step = 8 }", Kill("forward", "2", 15)],
                "ranks.count=2", "ranks.min=1", "ranks.respawn=false", "ranks.silence=2 s", "checkpoint.max-lag=0");
            await process.Next("^rank 2: started");
            int frozen = ChildSight.ProcessId(await process.Next("^rank 3: started"));
            await process.Next("^rank 2: ended by signal 9");

            ChildSight.Signal(frozen, ChildSight.Continue);

            string output = await Complete(process);
            Says(output, "^rank 3: is silent");
            Says(output, "^resumed from step 12 of");
            await run.Check(output, lostAtMost: ScenarioRuns.Interval);
        });
    }

    [ScenarioFact]
    public Task F47_ShrinkThenGrow()
    {
        string[] guards = ["growth"];
        return Scenario.Run(nameof(F47_ShrinkThenGrow), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);

            // The survivor goes on alone, and does not come to the end before there is somebody to grow by.
            using OlmoProcess process = run.Start([Kill("forward", "3", 8), Freeze("2", 12)], "ranks.count=2", "ranks.min=1");
            int survivor = ChildSight.ProcessId(await process.Next("^rank 2: started"));
            await process.Next("^rank 4: ready");
            await ChildSight.UntilStopped(survivor);
            ChildSight.Signal(survivor, ChildSight.Continue);

            string output = await Complete(process);
            Says(output, "^goes on from step [67] of .*\\(generation 2:");
            Says(output, "^goes on from step [0-9]+ of .*generation 3, ranks 2,4");
            WentOnFromSurvivors(output);
            await run.Check(output);
        });
    }

    private Task BadFile(string name, string guard, Func<byte[], byte[]> change) => Scenario.Run(name, [guard], async () =>
    {
        ScenarioRun run = new(runs, [guard], runs.Interrupted);
        long newest = Newest(run.Folder);
        string file = ShardOf(run.Folder, newest);
        await File.WriteAllBytesAsync(file, change(await File.ReadAllBytesAsync(file)));

        string output = await run.Complete([], TwoRanks);

        Says(output, $"^checkpoint of step {newest} cannot be read \\('shards/{Path.GetFileName(file)}'");
        Says(output, $"^resumed from step {newest - ScenarioRuns.Interval} of");
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(run.Folder, "checkpoints", ".aside")));
        await run.Check(output, lostAtMost: 2 * ScenarioRuns.Interval);
    });

    private static long Newest(string folder) => Directory.GetFiles(Path.Combine(folder, "checkpoints", "manifests")).Select(StepOf).Max();

    private static long StepOf(string manifest) => long.Parse(Path.GetFileName(manifest).Split('-')[1], System.Globalization.CultureInfo.InvariantCulture);

    // A shard that only the manifest of this step names.
    private static string ShardOf(string folder, long step)
    {
        string checkpoints = Path.Combine(folder, "checkpoints");
        string[] others = [.. Directory.GetFiles(Path.Combine(checkpoints, "manifests")).Where(m => StepOf(m) != step).Select(File.ReadAllText)];
        string manifest = File.ReadAllText(Assert.Single(Directory.GetFiles(Path.Combine(checkpoints, "manifests")), m => StepOf(m) == step));
        return Directory.GetFiles(Path.Combine(checkpoints, "shards")).Order(StringComparer.Ordinal).First(f =>
            manifest.Contains(Path.GetFileName(f), StringComparison.Ordinal) && !others.Any(o => o.Contains(Path.GetFileName(f), StringComparison.Ordinal)));
    }
}
