using Olmo.Host.Tests.Processes;

namespace Olmo.Host.Tests.Scenarios;

/// <summary>Batches that fail, give NaN or spike, in real runs: what the policies do, that every world does the same, and what an operator sees of it.</summary>
[Collection(ProcessesCollection.Name)]
public sealed class DataScenarios(TinyRuns runs)
{
    private static readonly string[] Alone = ["--set", "checkpoint.interval=5"];
    private static readonly string[] Two = [.. Alone, "--set", "ranks.count=2", "--set", "ranks.threads=1", "--set", "ranks.silence=15 s"];
    private static readonly string[] Skips = ["--set", "loss.non-finite=skip", "--set", "loss.max-skips=3", "--set", "loss.skip-rollback-steps=5"];

    private static readonly string[] Spikes =
        ["--set", "loss.spike-sigmas=6", "--set", "loss.max-spikes=20", "--set", "loss.spike-rollback-steps=30", "--set", "checkpoint.keep=9"];

    [ScenarioFact]
    public Task F33_PoisonBatch_FailsInTwoRanks_IsQuarantinedAndNoStepIsLost()
    {
        string[] guards = ["quarantine"];
        return Scenario.Run(nameof(F33_PoisonBatch_FailsInTwoRanks_IsQuarantinedAndNoStepIsLost), guards, async () =>
        {
            string poison = Fault("do = throw, at = forward, step = 31, group = 1, once = false");
            (string weights, _) = await Completes(guards, [.. Alone, "--set", poison]);
            (string other, string output) = await Completes(guards, [.. Two, "--set", poison], "quarantined group 1 of batch 31");

            Assert.Equal(weights, other);
            Assert.NotEqual(runs.Weights, other);
            Assert.Contains("group 1 of step 31 (batch 31) counts as zero from now on: Olmo.Actors.Drills.DrillException in ranks 2,3", output, StringComparison.Ordinal);
            Assert.DoesNotContain("resumed from step", output, StringComparison.Ordinal);
            Assert.DoesNotContain("ended by signal", output, StringComparison.Ordinal);
        });
    }

    [ScenarioFact]
    public Task F33_PoisonBatch_ThatCannotBeRead_IsQuarantined()
    {
        string[] guards = ["quarantine"];
        return Scenario.Run(nameof(F33_PoisonBatch_ThatCannotBeRead_IsQuarantined), guards, async () =>
        {
            string poison = Fault("do = throw, at = load, step = 31, group = 0, once = false");
            (_, string output) = await Completes(guards, [.. Alone, "--set", "supervision.max-loader-restarts=1", "--set", poison], "quarantined group 0 of batch 31 (unreadable)");

            Assert.Contains("counts as zero from now on: Olmo.Actors.Drills.DrillException in two generations of the only rank", output, StringComparison.Ordinal);
        });
    }

    [ScenarioFact]
    public Task F34_NanLoss_AFewSteps_AreLeftOut()
    {
        string[] guards = ["non-finite"];
        return Scenario.Run(nameof(F34_NanLoss_AFewSteps_AreLeftOut), guards, async () =>
        {
            string[] nan = [.. Skips, "--set", Fault("do = nan, step = 31, steps = 2, group = 1, once = false")];
            (string weights, string output) = await Completes(guards, [.. Alone, .. nan]);
            (string other, _) = await Completes(guards, [.. Two, .. nan]);

            Assert.Equal(weights, other);
            Assert.Equal([31L, 32L], Skipped(output));
        });
    }

    [ScenarioFact]
    public Task F34_NanLoss_OnAllRanks_RollsBackAndLeavesTheDataOut()
    {
        string[] guards = ["non-finite"];
        return Scenario.Run(nameof(F34_NanLoss_OnAllRanks_RollsBackAndLeavesTheDataOut), guards, async () =>
        {
            string[] nan = [.. Skips, "--set", Fault("do = nan, step = 31, steps = 3, once = false")];
            (string weights, string output) = await Completes(guards, [.. Alone, .. nan], "discarded   batches 26-33");
            (string other, _) = await Completes(guards, [.. Two, .. nan], "discarded   batches 26-33");

            Assert.Equal(weights, other);
            Assert.Contains("timeline 1 branches off at step 25: step 33: 3 steps in a row", output, StringComparison.Ordinal);
        });
    }

    [ScenarioFact]
    public Task F34_NanLoss_WhateverTheData_StopsWithItsReason()
    {
        string[] guards = ["non-finite"];
        return Scenario.Run(nameof(F34_NanLoss_WhateverTheData_StopsWithItsReason), guards, async () =>
        {
            string folder = runs.New();
            (int code, string output) = await OlmoProcess.Run(runs.Command(folder, [.. Scenario.Without(guards), .. Two, .. Skips, "--set", Fault("do = nan, step = 31, steps = 1000, once = false")]));

            Assert.True(code == 3, output);
            Assert.Contains("NonFinite at step 28: ", output, StringComparison.Ordinal);
            Assert.Contains("the run went back from step 33 to 25 already", output, StringComparison.Ordinal);
        });
    }

    [ScenarioFact]
    public Task F35_LossSpike_RollsBackAndReplayDoesTheSame()
    {
        string[] guards = ["spike"];
        return Scenario.Run(nameof(F35_LossSpike_RollsBackAndReplayDoesTheSame), guards, async () =>
        {
            string spike = "{ do = spike, step = 81, steps = 20, group = 1, factor = 50, once = false }";
            (string weights, string output) = await Completes(guards, [.. Alone, .. Spikes, "--set", $"drill.faults=[{spike}]"], "discarded   batches 71-100");
            string kill = "{ do = kill, at = announced, step = 90, rank = 3 }";
            (string other, string killed) = await Completes(guards, [.. Two, .. Spikes, "--set", $"drill.faults=[{spike}, {kill}]"], "discarded   batches 71-100");

            Assert.Equal(weights, other);
            Assert.Equal(Enumerable.Range(81, 19).Select(s => (long)s), Skipped(output));
            Assert.Contains("timeline 1 branches off at step 70: step 100: 20 steps in a row are outliers", output, StringComparison.Ordinal);
            Assert.Contains("rank 3: ended by signal 9", killed, StringComparison.Ordinal);
        });
    }

    private static string Fault(string keys) => $"drill.faults=[{{ {keys} }}]";

    private static IEnumerable<long> Skipped(string output) =>
        output.Split('\n').Where(l => l.StartsWith("step ", StringComparison.Ordinal) && l.EndsWith("  skipped", StringComparison.Ordinal)).Select(OlmoProcess.NumberIn);

    // Runs to the end; the ledger must be whole, and the status must say what is expected.
    private async Task<(string Weights, string Output)> Completes(string[] guards, string[] more, string? status = null)
    {
        string folder = runs.New();
        (int code, string output) = await OlmoProcess.Run(runs.Command(folder, [.. more, .. Scenario.Without(guards)]));
        Assert.True(code == 0, output);
        (code, string said) = await OlmoProcess.Run(["status", folder]);
        Assert.True(code == 0, said);
        Assert.True(said.Contains("every sequence once, without a gap", StringComparison.Ordinal), said);
        Assert.True(status is null || said.Contains(status, StringComparison.Ordinal), $"no '{status}' in\n{said}\n{output}");

        return (TinyRuns.WeightsIn(output), output);
    }
}
