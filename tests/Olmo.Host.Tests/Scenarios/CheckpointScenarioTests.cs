using System.Globalization;
using System.Text.RegularExpressions;
using Olmo.Actors.Checkpoints;
using static Olmo.Host.Tests.Scenarios.ScenarioRun;

namespace Olmo.Host.Tests.Scenarios;

/// <summary>Somebody dies, or a device is full, while a checkpoint is made: it is committed once or abandoned once, and the others stay.</summary>
[Collection(ScenariosCollection.Name)]
public sealed class CheckpointScenarioTests(ScenarioRuns runs)
{
    [ScenarioFact]
    public Task F05_KillRankSnapshot() => RankDies(nameof(F05_KillRankSnapshot), "end-unfinished", "stage");

    [ScenarioFact]
    public Task F05_KillRankSnapshot_WhileAnotherHasNotAppliedTheStep()
    {
        string[] guards = ["end-unfinished"];
        return Scenario.Run(nameof(F05_KillRankSnapshot_WhileAnotherHasNotAppliedTheStep), guards, async () =>
        {
            // The victim has told one of two: that one saves the step, the other comes to it in the next world. What the victim was to write never comes, and nobody waits for it.
            const int Step = ScenarioRuns.Interval;
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete(
                [Late("announced", "4", Step, 1000), Kill("told", "4", Step)], "ranks.count=3", "ranks.min=2", "checkpoint.max-lag=0");

            Says(output, $"^goes on from step {Step} of");
            Says(output, $"^no checkpoint of step {Step}: the world changed");
            WentOnFromSurvivors(output);
            Assert.Equal((long[])[Step + 1, 12, 18, 24], await Committed(run));
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F06_KillRankWrite() => RankDies(nameof(F06_KillRankWrite), "atomic-put", "put");

    [ScenarioFact]
    public Task F07_KillBeforePreparedAck() => RankDies(nameof(F07_KillBeforePreparedAck), "end-unfinished", "shards-written");

    [ScenarioFact]
    public Task F08_KillCoordinatorAfterPrepare() => CoordinatorDies(nameof(F08_KillCoordinatorAfterPrepare), "resend-reports", "manifest-written");

    [ScenarioFact]
    public Task F09_KillCoordinatorAfterCommit() => CoordinatorDies(nameof(F09_KillCoordinatorAfterCommit), "once-committed", "row-written");

    [ScenarioFact]
    public Task F22_DiskFull()
    {
        string[] guards = ["save-failure"];
        return Scenario.Run(nameof(F22_DiskFull), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete([$"{{ do = disk-full, rank = 2, step = {2 * ScenarioRuns.Interval} }}"], TwoRanks);

            Says(output, $"^no checkpoint of step {2 * ScenarioRuns.Interval}: .*No room to write");
            SaysNot(output, "^fault at step");
            Assert.Equal((long[])[6, 18, 24], await Committed(run));
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F37_HostOom()
    {
        string[] guards = ["staging-limit"];
        return Scenario.Run(nameof(F37_HostOom), guards, async () =>
        {
            const int Step = 2 * ScenarioRuns.Interval;
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete([Late("put", "3", Step, 400), Kill("put", "3", Step)], TwoRanks);

            Says(output, "^rank 3: ended by signal 9");
            Says(output, $"^no checkpoint of step {Step}: the world changed");
            Says(output, $"^rank 3 died before its part of the checkpoint of step {Step} was written: from now on one shard is staged at a time");
            WentOnFromSurvivors(output);
            long[] committed = await Committed(run);
            Assert.DoesNotContain(Step, committed);
            Assert.Contains(ScenarioRuns.Steps, committed);
            // Before: one copy of all shards of the rank, then its files. Afterwards: a copy for each file.
            Assert.Equal(["stage", "shard-write", "shard-write"], Staging(run, "rank-slot-0", ScenarioRuns.Interval));
            Assert.Equal(["shard-write", "stage", "shard-write", "stage"], Staging(run, "rank-slot-0", ScenarioRuns.Steps));
            await run.Check(output);
        });
    }

    // Moments of a rank's checkpoint in the order in which they were passed.
    private static string[] Staging(ScenarioRun run, string process, int step) =>
    [
        .. File.ReadAllLines(Directory.GetFiles(run.Folder, $"{process}.trace.log", SearchOption.AllDirectories).Single())
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(w => w.Contains($"{step}"))
            .SelectMany(w => w.Where(x => x is "stage" or "shard-write")),
    ];

    // The victim is late, so that the other rank has begun the checkpoint and written its part.
    private Task RankDies(string name, string guard, string at) => Scenario.Run(name, [guard], async () =>
    {
        ScenarioRun run = new(runs, [guard]);

        string output = await run.Complete([Late(at, "3", ScenarioRuns.Interval, 1000), Kill(at, "3", ScenarioRuns.Interval)], TwoRanks);

        Says(output, "^rank 3: ended by signal 9");
        Says(output, $"^no checkpoint of step {ScenarioRuns.Interval}: the world changed");
        WentOnFromSurvivors(output);
        long[] committed = await Committed(run); // the one after it may have begun too
        Assert.DoesNotContain(ScenarioRuns.Interval, committed);
        Assert.Contains(WentOnFrom(output) + 1, committed); // in its place
        Assert.Contains(ScenarioRuns.Steps, committed);
        await run.Check(output);
    });

    private static long WentOnFrom(string output) =>
        long.Parse(Regex.Match(output, "^goes on from step ([0-9]+)", RegexOptions.Multiline, TimeSpan.FromSeconds(1)).Groups[1].Value, CultureInfo.InvariantCulture);

    private Task CoordinatorDies(string name, string guard, string at) => Scenario.Run(name, [guard], async () =>
    {
        ScenarioRun run = new(runs, [guard]);

        string output = await run.Complete([Kill(at, "coordinator", 2 * ScenarioRuns.Interval)], TwoRanks);

        Says(output, "^coordinator 1: ended by signal 9");
        SaysNot(output, "generation 2");
        Assert.Equal((long[])[6, 12, 18, 24], await Committed(run));
        await run.Check(output);
    });

    private static async Task<long[]> Committed(ScenarioRun run) =>
        [.. (await Invariants.Read<CheckpointEvent>(run.Folder, "checkpoints")).OfType<CheckpointCommitted>().Select(c => c.Step).Order()];
}
