using Olmo.Model.Formats;

namespace Olmo.Host.Tests.Processes;

[Collection(ProcessesCollection.Name)]
public sealed class ImportedRunTests(TinyRuns runs) : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("olmo-imported-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Export_OfACheckpoint_IsTheModelFolderOfTheRun()
    {
        string output = await Olmo("export", runs.Quiet, "--to", At("out"));

        Assert.Contains($"weights sha256 {runs.Weights}", output, StringComparison.Ordinal);
        string model = Path.Combine(runs.Quiet, "model");
        string[] names = [.. Directory.GetFiles(model).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];
        Assert.Equal(names, Directory.GetFiles(At("out")).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal));
        Assert.All(names, n => Assert.Equal(File.ReadAllBytes(Path.Combine(model, n)), File.ReadAllBytes(At("out", n))));

        await Olmo("export", runs.Quiet, "--step", $"{TinyRuns.Steps - 10}", "--to", At("earlier"), "--dtype", "bf16", "--max-shard-size", "30kB");
        using HuggingFaceFolder earlier = HuggingFaceFolder.Open(At("earlier"));
        Assert.Equal(SafetensorsType.BF16, earlier.StoredType);
    }

    [Fact]
    public async Task Export_OfACheckpointWithAFlippedBit_NamesTheShardAndWritesNothing()
    {
        string folder = runs.CopyOf(runs.Quiet);
        string shard = Directory.GetFiles(Path.Combine(folder, "checkpoints", "shards"), "0-*").Order(StringComparer.Ordinal).First();
        foreach (string file in Directory.GetFiles(Path.Combine(folder, "checkpoints", "shards"), "0-*"))
        {
            byte[] bytes = await File.ReadAllBytesAsync(file);
            bytes[^1] ^= 1;
            await File.WriteAllBytesAsync(file, bytes);
        }

        (int code, string output) = await OlmoProcess.Run(["export", folder, "--to", At("out")]);

        Assert.True(code == 2, output);
        Assert.Contains(Path.GetFileName(shard)[..2], output, StringComparison.Ordinal);
        Assert.Contains("has SHA-256", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    [Fact]
    public async Task Run_FromAnImport_StartsFromItsWeightsAndIsHeldToThem()
    {
        await Olmo("import", Path.Combine(runs.Quiet, "model"), "--to", At("start"));
        string folder = runs.New();
        string[] command =
        [
            .. runs.Command(folder), "--set", $"model.init-from={At("start")}", "--set", $"tokenizer.path={At("start")}", "--set", "run.steps=2", "--set", "optimizer.learning-rate=0",
        ];

        // At a learning rate of 0 nothing but the start decides the end.
        string output = await Olmo(command);
        Assert.Equal(runs.Weights, TinyRuns.WeightsIn(output));

        await File.WriteAllTextAsync(At("start", "weights.sha256"), new string('0', 64) + "\n");
        (int code, output) = await OlmoProcess.Run(command);
        Assert.True(code == 2, output);
        Assert.Contains("model.init-from (weights)", output, StringComparison.Ordinal);

        (code, output) = await OlmoProcess.Run([.. command, "--set", $"run.folder={runs.New()}"]);
        Assert.True(code == 3, output);
        Assert.Contains("weights.sha256 says 0000", output, StringComparison.Ordinal);

        (code, output) = await OlmoProcess.Run([.. command, "--set", $"run.folder={runs.New()}", "--set", "model.ffn=66"]);
        Assert.True(code == 2, output);
        Assert.Contains("model.ffn = 66: the model of model.init-from = ", output, StringComparison.Ordinal);
    }

    private string At(params string[] parts) => Path.Combine([_root, .. parts]);

    private static async Task<string> Olmo(params string[] arguments)
    {
        (int code, string output) = await OlmoProcess.Run(arguments);
        Assert.True(code == 0, output);
        return output;
    }
}
