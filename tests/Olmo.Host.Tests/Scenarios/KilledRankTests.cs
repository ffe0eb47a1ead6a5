using static Olmo.Host.Tests.Scenarios.ScenarioRun;

namespace Olmo.Host.Tests.Scenarios;

/// <summary>A rank is killed at a moment of a step: its peers go on from what they hold.</summary>
[Collection(ScenariosCollection.Name)]
public sealed class KilledRankTests(ScenarioRuns runs)
{
    [ScenarioFact]
    public Task F01_KillRankDataWait() => AfterKill(nameof(F01_KillRankDataWait), ["loss-watch"], "load", 0);

    [ScenarioFact]
    public Task F02_KillRankForward() => AfterKill(nameof(F02_KillRankForward), ["survivors"], "forward", 1);

    [ScenarioFact]
    public Task F03_KillRankCollective() => AfterKill(nameof(F03_KillRankCollective), ["loss-watch"], "sums", 1);

    [ScenarioFact]
    public Task F04_KillRankOptimizer() => HalfApplied(nameof(F04_KillRankOptimizer), "roll-forward");

    [ScenarioFact]
    public Task F04_KillRankOptimizer_ParametersAreGatheredAnew() => HalfApplied(nameof(F04_KillRankOptimizer_ParametersAreGatheredAnew), "gather-anew");

    [ScenarioFact]
    public Task F38_DoubleFailure()
    {
        string[] guards = ["checkpoint-resume"];
        return Scenario.Run(nameof(F38_DoubleFailure), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);

            // Both are in the step before either dies, so that neither goes on to a world with the other's replacement.
            string output = await run.Complete([Late("forward", "any", 8, 500), Kill("forward", "2", 8), Kill("forward", "3", 8)], [.. TwoRanks, "checkpoint.max-lag=0"]);

            Says(output, "^resumed from step 6 of");
            await run.Check(output, lostAtMost: ScenarioRuns.Interval);
        });
    }

    [ScenarioFact]
    public Task F39_FailureDuringRecovery()
    {
        string[] guards = ["survivors"];
        return Scenario.Run(nameof(F39_FailureDuringRecovery), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete([Kill("forward", "4", 8), Kill("donate", "any", 0)], ThreeTwins);

            Assert.Equal(2, output.Split("ended by signal 9").Length - 1);
            WentOnFromSurvivors(output);
            await run.Check(output);
        });
    }

    [ScenarioFact]
    public Task F40_UnhealedSingleton()
    {
        string[] guards = ["report-verified-only", "state-digest"];
        return Scenario.Run(nameof(F40_UnhealedSingleton), guards, async () =>
        {
            // The donor dies when it has given two of four shards, and the joiner has verified these.
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete(
                [Kill("forward", "3", 8), Late("donate", "2", 0, 500, pass: 2), Kill("donate", "2", 0, pass: 2)], [.. TwoRanks, "checkpoint.max-lag=0"]);

            Says(output, "^resumed from step 6 of");
            await run.Check(output, lostAtMost: ScenarioRuns.Interval);
        });
    }

    [ScenarioFact]
    public Task F25_BitFlipTransfer()
    {
        string[] guards = ["chunk-digest", "state-digest"];
        return Scenario.Run(nameof(F25_BitFlipTransfer), guards, async () =>
        {
            ScenarioRun run = new(runs, guards);

            string output = await run.Complete([Kill("forward", "4", 8), "{ do = flip-transfer }"], ThreeTwins);

            Assert.True(File.Exists(Path.Combine(run.Folder, "drill", "1")), output);
            WentOnFromSurvivors(output);
            Assert.Single(output.Split('\n'), line => line.StartsWith("fault at step", StringComparison.Ordinal)); // the block came from the other donor
            await run.Check(output);
        });
    }

    // The twin of both others has told the first of them, which applies its part of the step; the second has not heard and must apply its part too. What the first
    // had gathered of the second's parameters is that of the step before.
    private Task HalfApplied(string name, string guard) => Scenario.Run(name, [guard], async () =>
    {
        ScenarioRun run = new(runs, [guard]);

        string output = await run.Complete([Late("announced", "4", 8, 1000), Kill("told", "4", 8)], "ranks.count=3", "ranks.min=2");

        Says(output, "^rank 4: ended by signal 9");
        Says(output, "^goes on from step 8 of");
        WentOnFromSurvivors(output);
        await run.Check(output);
    });

    private Task AfterKill(string name, string[] guards, string at, int pass) => Scenario.Run(name, guards, async () =>
    {
        ScenarioRun run = new(runs, guards);

        string output = await run.Complete([Kill(at, "3", 8, pass)], TwoRanks);

        Says(output, "^rank 3: ended by signal 9");
        WentOnFromSurvivors(output);
        await run.Check(output);
    });
}
