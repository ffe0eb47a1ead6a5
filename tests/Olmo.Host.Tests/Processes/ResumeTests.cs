using System.Text.RegularExpressions;

namespace Olmo.Host.Tests.Processes;

[Collection(ProcessesCollection.Name)]
public sealed class ResumeTests(TinyRuns runs)
{
    [Fact]
    public async Task Run_ChangedNumericKey_ExitsTwoAndListsTheKeyWithBothValues()
    {
        string folder = runs.CopyOf(runs.Stopped);

        (int code, string output) = await OlmoProcess.Run(runs.Command(folder, "--set", "optimizer.learning-rate=2e-3"));

        Assert.True(code == 2, output);
        string line = Assert.Single(output.Split('\n'), l => l.Contains("optimizer.learning-rate", StringComparison.Ordinal));
        Assert.Matches("0\\.004.*0\\.002", line);
        Assert.DoesNotContain("batch.groups", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ChangedNumericKeyWithNewTimeline_BranchesOffAtTheNewestCheckpoint()
    {
        string folder = runs.CopyOf(runs.Stopped);

        (int code, string output) = await OlmoProcess.Run(runs.Command(folder, "--set", "optimizer.learning-rate=2e-3", "--new-timeline"));

        Assert.True(code == 0, output);
        Assert.Contains($"timeline 1 branches off at step {runs.StoppedAt}", output, StringComparison.Ordinal);
        Assert.Equal(runs.StoppedAt, TinyRuns.ResumedFrom(output));
        Assert.NotEqual(runs.Weights, TinyRuns.WeightsIn(output));
    }

    [Fact]
    public async Task Run_ChangedOperationalKeys_GoesOnToTheSameWeights()
    {
        string folder = runs.CopyOf(runs.Stopped);

        (int code, string output) = await OlmoProcess.Run(runs.Command(
            folder, "--set", "compute.threads=2", "--set", "checkpoint.interval=7", "--set", "data.prefetch=1", "--set", "metrics.log-interval=3"));

        Assert.True(code == 0, output);
        Assert.Equal(runs.StoppedAt, TinyRuns.ResumedFrom(output));
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(output));
    }

    [Fact]
    public async Task Run_Completed_SaysSoAndDoesNoStepAgain()
    {
        string folder = runs.CopyOf(runs.Quiet);
        string metrics = await File.ReadAllTextAsync(Path.Combine(folder, "metrics.jsonl"));

        (int code, string output) = await OlmoProcess.Run(runs.Command(folder));

        Assert.True(code == 0, output);
        Assert.Contains($"run 'tiny' is complete: {TinyRuns.Steps} steps", output, StringComparison.Ordinal);
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(output));
        Assert.DoesNotMatch(new Regex("^(step [0-9]|resumed from|starts from)", RegexOptions.Multiline, TimeSpan.FromSeconds(1)), output);
        Assert.Equal(metrics, await File.ReadAllTextAsync(Path.Combine(folder, "metrics.jsonl")));
    }

    [Fact]
    public async Task Run_FlippedBitInTheNewestCheckpoint_FallsBackToTheOneBeforeAndSaysSo()
    {
        string folder = runs.CopyOf(runs.Stopped);
        string shard = ShardOf(folder, runs.StoppedAt);
        byte[] bytes = await File.ReadAllBytesAsync(shard);
        bytes[bytes.Length / 2] ^= 0x10;
        await File.WriteAllBytesAsync(shard, bytes);

        (int code, string output) = await OlmoProcess.Run(runs.Command(folder));

        Assert.True(code == 0, output);
        Assert.Contains($"checkpoint of step {runs.StoppedAt} cannot be read", output, StringComparison.Ordinal);
        Assert.Contains($"resumed from step {runs.StoppedAt - 1} of", output, StringComparison.Ordinal);
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(output));
    }

    // A shard file that the manifest of a step names.
    private static string ShardOf(string folder, long step)
    {
        string checkpoints = Path.Combine(folder, "checkpoints");
        string manifest = Assert.Single(Directory.GetFiles(Path.Combine(checkpoints, "manifests"), $"0-{step:D12}-*.json"));
        string text = File.ReadAllText(manifest);
        string name = Directory.EnumerateFiles(checkpoints, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(checkpoints, file).Replace(Path.DirectorySeparatorChar, '/'))
            .Order(StringComparer.Ordinal).First(name => text.Contains($"\"{name}\"", StringComparison.Ordinal));
        return Path.Combine(checkpoints, name);
    }
}
