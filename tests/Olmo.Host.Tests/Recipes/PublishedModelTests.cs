using System.Globalization;
using System.Text.Json;
using Olmo.Host.Commands;
using Olmo.Host.Nodes;
using Olmo.Host.Recipes;
using Olmo.Host.Runs;
using Olmo.Model.Models;
using Olmo.Tests;

namespace Olmo.Host.Tests.Recipes;

/// <summary>The published sizes under <c>hocon/models</c> against the reference implementations' counts.</summary>
public sealed class PublishedModelTests
{
    private const string OfOlmo1 = "olmo_core_configured";
    private const string OfOlmo2 = "olmo_core";

    [ReferenceTheory]
    [InlineData("olmo-1b", OfOlmo1, "OLMo_1B", "OLMo_1B")]
    [InlineData("olmo-7b", OfOlmo1, "OLMo_7B", "OLMo_7B")]
    [InlineData("olmo2-1b", OfOlmo2, "olmo2_1B_v2", "OLMo2_1B")]
    [InlineData("olmo2-7b", OfOlmo2, "olmo2_7B", "OLMo2_7B")]
    [InlineData("olmo2-13b", OfOlmo2, "olmo2_13B", "OLMo2_13B")]
    [InlineData("olmo2-32b", OfOlmo2, "olmo2_32B", "OLMo2_32B")]
    public void Recipe_OfAPublishedModel_HasTheReferencesParametersAndOperations(string file, string list, string core, string transformers)
    {
        ParameterList parameters = Parameters(file);
        JsonElement counts = Find(list, core);

        Assert.Equal(counts.GetProperty("num_params").GetInt64(), parameters.Elements);
        Assert.Equal(counts.GetProperty("num_non_embedding_params").GetInt64(), parameters.NonEmbeddingElements);
        foreach (JsonProperty flops in counts.GetProperty("num_flops_per_token").EnumerateObject())
        {
            Assert.Equal(flops.Value.GetInt64(), parameters.FlopsPerToken(int.Parse(flops.Name, CultureInfo.InvariantCulture)));
        }

        JsonElement published = Find("transformers", transformers);
        Assert.Equal(published.GetProperty("num_params").GetInt64(), parameters.Elements);
        Assert.Equal(published.GetProperty("tensors").GetInt32(), parameters.Specs.Length);
        long layer = parameters.Specs.Where(s => s.Layer == 1).Sum(s => s.Shape.Count);
        Assert.Equal(published.GetProperty("layer_params").GetInt64(), layer);
    }

    [Fact]
    public async Task Describe_OfThirtyTwoBillion_ShowsLayersMemoryAndTrafficWithoutTheModel()
    {
        StringWriter output = new(CultureInfo.InvariantCulture);
        StringWriter error = new(CultureInfo.InvariantCulture);
        long before = GC.GetTotalAllocatedBytes();

        int code = await CommandRunner.Run(ModelCommand.Create(), ["describe", PathOf("olmo2-32b"), "--set", "ranks.count=4", "--set", "batch.groups=48"], output, error);

        Assert.True(code == 0, error.ToString());
        string text = output.ToString();
        Assert.Contains("OLMo 2, 32,234,279,936 parameters, 31,720,477,696 of them outside the embedding", text, StringComparison.Ordinal);
        Assert.Contains("206,425,061,376 FLOP a token in training at 4096 tokens", text, StringComparison.Ordinal);
        Assert.Contains("1-64     model.layers.*.mlp.gate_proj.weight", text, StringComparison.Ordinal);
        Assert.Contains("128,937.120", text, StringComparison.Ordinal); // MB of the weights of a rank: 4 bytes a parameter
        Assert.Contains("sent by a rank in a step, MB", text, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 8L << 30); // over all ranks and not at once; the weights alone have 129 GB
    }

    [Fact]
    public void Layout_OfThirtyTwoBillion_CutsEveryElementOnceAndCountsBeyondThirtyTwoBits()
    {
        ParameterList parameters = Parameters("olmo2-32b");
        Model.State.ParameterLayout layout = parameters.Layout(64);

        Assert.Equal(32_234_279_936, layout.Elements);
        Assert.Equal(layout.Elements, Enumerable.Range(0, layout.Shards).Sum(layout.ElementsOfShard));
        Assert.Equal(layout.Chunks, Enumerable.Range(0, layout.Shards).Sum(layout.ChunksOfShard));
        Model.State.ParameterChunk last = layout.ChunkAt(layout.Chunks - 1);
        Assert.Equal(layout.Elements - last.Length, last.FirstElement);
        int shard = layout.ShardOf(last.Index);
        Assert.Equal(layout.ElementsOfShard(shard) - last.Length, layout.OffsetInShard(last.Index));

        // Every range of a shard, added, is the shard; the head alone has more elements than the first 2 GB of a file.
        Assert.Equal(layout.ElementsOfShard(7), Enumerable.Range(0, layout.Layers).Sum(l => layout.ElementsOfRange(l, 7)));
        int head = layout.IndexOf("lm_head.weight");
        Model.State.ParameterSlot slot = layout.Tensors[head];
        Assert.Equal(32_234_279_936 - (100_352L * 5_120), slot.FirstElement);
        Assert.True(slot.FirstElement * sizeof(float) > 1L << 36);
        Assert.Equal(layout.Find(head, (100_352L * 5_120) - 1).Index, layout.Chunks - 1);
    }

    [Fact]
    public void Recipe_ThatIncludesAPublishedModel_HasItsSizes()
    {
        string folder = Directory.CreateTempSubdirectory("olmo-published-").FullName;
        try
        {
            string recipe = Path.Combine(folder, "r.conf");
            File.WriteAllText(recipe, $"include \"{PathOf("olmo2-1b")}\"\nbatch.sequence-length = 512");

            Recipe read = RecipeReader.Read(recipe, [], _ => null);

            Assert.Equal((2048, 16, 8192, 512), (read.Model.Width, read.Model.Layers, read.Model.Ffn, read.Batch.SequenceLength));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("olmo-7b")]
    [InlineData("olmo2-1b")]
    [InlineData("olmo2-32b")]
    public void Rehearsal_OfAPublishedModel_IsOfItsKindAndOfAFewMegabytes(string file)
    {
        OlmoConfig config = ConfigOf(file);

        OlmoConfig small = Rehearsal.SmallOf(config).Validated();

        Assert.Equal((config.Family, config.HeadWidth, config.Heads / config.KeyHeads), (small.Family, small.HeadWidth, small.Heads / small.KeyHeads));
        Assert.InRange(new ParameterList(small).Elements, 1, 10_000_000);
    }

    private static ParameterList Parameters(string file) => new(ConfigOf(file));

    private static OlmoConfig ConfigOf(string file) => TrainingPlan.ConfigOf(RecipeReader.Read(PathOf(file), [], _ => null), 1000, 1, null);

    private static string PathOf(string file)
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Olmo.Actors.sln")))
        {
            at = at.Parent;
        }

        return Path.Combine(at!.FullName, "hocon", "models", file + ".conf");
    }

    private static JsonElement Find(string list, string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(ReferenceData.PathOf("golden", "models", "sizes.json")));
        return document.RootElement.GetProperty(list).EnumerateArray()
            .First(e => (e.TryGetProperty("name", out JsonElement n) || e.TryGetProperty("preset", out n)) && n.GetString() == name).Clone();
    }
}
