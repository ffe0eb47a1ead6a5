using System.Globalization;
using Olmo.Host.Commands;

namespace Olmo.Host.Tests.Commands;

public sealed class ModelCommandTests : IDisposable
{
    private readonly string _recipe = Path.Combine(Directory.CreateTempSubdirectory("olmo-model-").FullName, "a.conf");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_recipe)!, recursive: true);

    [Fact]
    public async Task Describe_OfARecipe_ShowsLayersMemoryAndTraffic()
    {
        string[] lines = await Describe("model { width = 32, layers = 3, heads = 2, ffn = 64, vocabulary = 384 }\ntokenizer.vocabulary = 300\nstate.shards = 4", "--set", "ranks.count=3");

        // Counted by hand: a block has 4 x 32 x 32 + 3 x 32 x 64 + 4 norms of 32; embedding and head 384 x 32; one norm at the end.
        const long Block = (4 * 32 * 32) + (3 * 32 * 64) + (4 * 32);
        const long All = (3 * Block) + (2 * 384 * 32) + 32;
        Assert.Contains($"{All:N0} parameters", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, l => l.StartsWith("1-3      model.layers.*.mlp.gate_proj.weight", StringComparison.Ordinal) && l.EndsWith("64 x 32            2,048 x 3", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("world       3 ranks in 2 replicas", StringComparison.Ordinal));
        string[][] memory = Rows(lines, "memory of a rank");
        Assert.Equal(3, memory.Length);
        Assert.All(memory, row => Assert.Equal(All * 4 / 1e6, Number(row[2]), 3));
        Assert.All(memory, row => Assert.Equal(row[2..13].Sum(Number), Number(row[13]), 0.01));
        string[][] traffic = Rows(lines, "sent by a rank");
        Assert.Equal(["4", "4", "4"], traffic.Select(r => r[1]));
        Assert.All(traffic, row => Assert.Equal(row[2..6].Sum(Number), Number(row[6]), 0.01));
        Assert.True(Number(traffic[0][2]) > 0); // ranks 0 and 1 share a replica
        Assert.Equal(0, Number(traffic[2][2])); // rank 2 is alone in its own
    }

    [Fact]
    public async Task Describe_WithBlocksRecomputed_HasTheActivationsOfOneBlock()
    {
        const string Recipe = "model { width = 32, layers = 16, heads = 2, ffn = 96, vocabulary = 512 }, tokenizer.vocabulary = 512, batch { sequence-length = 64, sequences-per-group = 8 }";
        const int Activations = 11;
        const int Weights = 2;

        string[] kept = await Describe(Recipe);
        string[] recomputed = await Describe(Recipe, "--set", "compute.recompute=blocks");

        Assert.Contains(recomputed, l => l.EndsWith("passes of 8 sequences, blocks recomputed", StringComparison.Ordinal));
        double all = Number(Rows(kept, "memory of a rank")[0][Activations]);
        double one = Number(Rows(recomputed, "memory of a rank")[0][Activations]);
        // A block of 512 rows: q, k, v, attention's output, raw q and k, three of width 32, three of the hidden layer; 2 heads and 6 statistics.
        Assert.Equal(15 * 512 * ((9 * 32) + (3 * 96) + 2 + 6) * 4 / 1e6, all - one, 0.001);

        string[] half = await Describe(Recipe, "--set", "compute.dtype=bfloat16", "--set", "compute.recompute=blocks");
        Assert.Contains(half, l => l.EndsWith("passes of 8 sequences in bf16, blocks recomputed", StringComparison.Ordinal));
        // Of 17 streams two work in fp32 and 15 are kept in bf16; a block's four norms are copied rounded.
        Assert.Equal(((15 * 512 * 32 * 2) - (4 * 32 * 4)) / 1e6, one - Number(Rows(half, "memory of a rank")[0][Activations]), 0.001);

        string[] gpu = await Describe(Recipe, "--set", "compute.dtype=bfloat16", "--set", "compute.recompute=blocks", "--set", "compute.device=cuda");
        // There passes work in bf16: nothing is kept beside what they work in.
        Assert.True(Number(Rows(gpu, "memory of a rank")[0][Activations]) < Number(Rows(half, "memory of a rank")[0][Activations]));
        Assert.Contains(gpu, l => l.Contains("weights with the device's copy in bf16", StringComparison.Ordinal));
        // Of all matrices but the embedding, which is looked up.
        const int Matrices = (16 * ((4 * 32 * 32) + (3 * 32 * 96))) + (512 * 32);
        Assert.Equal(Matrices * 2 / 1e6, Number(Rows(gpu, "memory of a rank")[0][Weights]) - Number(Rows(half, "memory of a rank")[0][Weights]), 0.001);
    }

    [Fact]
    public async Task Describe_OfAnUnknownKey_IsAMistakeOfTheUser()
    {
        StringWriter error = new();
        await File.WriteAllTextAsync(_recipe, "model.widht = 32");

        Assert.Equal(2, await CommandRunner.Run(ModelCommand.Create(), ["describe", _recipe], new StringWriter(), error));
        Assert.Contains("model.widht", error.ToString(), StringComparison.Ordinal);
    }

    private async Task<string[]> Describe(string recipe, params string[] more)
    {
        await File.WriteAllTextAsync(_recipe, recipe);
        StringWriter output = new();
        StringWriter error = new();
        int code = await CommandRunner.Run(ModelCommand.Create(), ["describe", _recipe, .. more], output, error);
        Assert.True(code == 0, error.ToString());
        return output.ToString().Split('\n');
    }

    private static string[][] Rows(string[] lines, string title)
    {
        int at = Array.FindIndex(lines, l => l.StartsWith(title, StringComparison.Ordinal));
        return [.. lines.Skip(at + 2).TakeWhile(l => l.Length > 0).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
    }

    private static double Number(string text) => double.Parse(text, NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
}
