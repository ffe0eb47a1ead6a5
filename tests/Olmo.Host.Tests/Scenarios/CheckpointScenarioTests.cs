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

    // The victim is late, so that the other rank has begun the checkpoint and written its part.
    private Task RankDies(string name, string guard, string at) => Scenario.Run(name, [guard], async () =>
    {
        ScenarioRun run = new(runs, [guard]);

        string output = await run.Complete([Late(at, "3", ScenarioRuns.Interval, 400), Kill(at, "3", ScenarioRuns.Interval)], TwoRanks);

        Says(output, "^rank 3: ended by signal 9");
        Says(output, $"^no checkpoint of step {ScenarioRuns.Interval}: the world changed");
        WentOnFromSurvivors(output);
        long[] committed = await Committed(run); // the one after it may have begun too
        Assert.DoesNotContain(ScenarioRuns.Interval, committed);
        Assert.Contains(ScenarioRuns.Steps, committed);
        await run.Check(output);
    });

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
