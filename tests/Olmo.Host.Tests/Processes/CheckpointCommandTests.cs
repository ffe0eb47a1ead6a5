using System.Text.RegularExpressions;

namespace Olmo.Host.Tests.Processes;

[Collection(ProcessesCollection.Name)]
public sealed class CheckpointCommandTests(TinyRuns runs)
{
    [Fact]
    public async Task Verify_WholeRunThenABitFlipped_NamesTheFileAndEndsWithThree()
    {
        string folder = runs.CopyOf(runs.Quiet);
        (int code, string output) = await OlmoProcess.Run(["checkpoint", "verify", folder, "--all"]);
        Assert.True(code == 0, output);
        Assert.Contains("checkpoints verify", output, StringComparison.Ordinal);

        (_, string described) = await OlmoProcess.Run(["checkpoint", "describe", folder]);
        string sha256 = Regex.Match(described, "^ +0 .* (?<sha>[0-9a-f]{64})", RegexOptions.Multiline, TimeSpan.FromSeconds(1)).Groups["sha"].Value;
        string shard = Path.Combine(folder, "checkpoints", "shards", $"0-{sha256}.safetensors");
        byte[] bytes = await File.ReadAllBytesAsync(shard);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(shard, bytes);
        (code, output) = await OlmoProcess.Run(["checkpoint", "verify", folder, "--all"]);

        Assert.True(code == 3, output);
        Assert.Contains($"'shards/{Path.GetFileName(shard)}' has SHA-256", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListAndDescribe_CompletedRun_ShowTheNewestAndItsShards()
    {
        (int code, string list) = await OlmoProcess.Run(["checkpoint", "list", runs.Quiet]);
        Assert.True(code == 0, list);
        Assert.Matches($"{TinyRuns.Steps} .* newest", list);

        (code, string described) = await OlmoProcess.Run(["checkpoint", "describe", runs.Quiet]);

        Assert.True(code == 0, described);
        Assert.Contains($"step {TinyRuns.Steps} ", described, StringComparison.Ordinal);
        Assert.Contains("numerics    cpu-fp32-1", described, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Describe_StepWithoutCheckpoint_NamesThoseThatCount()
    {
        (int code, string output) = await OlmoProcess.Run(["checkpoint", "describe", runs.Quiet, "--step", "3"]);

        Assert.True(code == 2, output);
        Assert.Contains($"no checkpoint of step 3 that counts; those are: ", output, StringComparison.Ordinal);
    }
}
