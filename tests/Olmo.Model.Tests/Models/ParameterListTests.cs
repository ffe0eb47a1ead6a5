using System.Text.Json;
using Olmo.Model.Models;
using Olmo.Tests;

namespace Olmo.Model.Tests.Models;

public sealed class ParameterListTests
{
    [ReferenceFact]
    public void Counts_OfEveryPreset_AreTheReferences()
    {
        JsonElement root = Sizes();
        int presets = 0;
        foreach (JsonElement facts in root.GetProperty("olmo_core").EnumerateArray())
        {
            string name = facts.GetProperty("preset").GetString()!;
            ParameterList list = new(PresetOf(facts, name));
            Assert.True(facts.GetProperty("num_params").GetInt64() == list.Elements, $"{name}: {list.Elements}");
            Assert.True(facts.GetProperty("num_non_embedding_params").GetInt64() == list.NonEmbeddingElements, $"{name}: {list.NonEmbeddingElements}");
            Assert.Equal(facts.GetProperty("tensors").GetInt32(), list.Specs.Length);
            foreach (JsonProperty flops in facts.GetProperty("num_flops_per_token").EnumerateObject())
            {
                long actual = list.FlopsPerToken(int.Parse(flops.Name));
                Assert.True(flops.Value.GetInt64() == actual, $"{name} at {flops.Name}: {actual}");
            }

            presets++;
        }

        Assert.Equal(29, presets);
    }

    [ReferenceFact]
    public void Counts_OfReleasedModels_AreTheReferences()
    {
        JsonElement root = Sizes();
        foreach (JsonElement facts in root.GetProperty("transformers").EnumerateArray())
        {
            string name = facts.GetProperty("name").GetString()!;
            ParameterList list = new(ReleasedOf(facts));
            Assert.True(facts.GetProperty("num_params").GetInt64() == list.Elements, $"{name}: {list.Elements}");
            Assert.Equal(facts.GetProperty("tensors").GetInt32(), list.Specs.Length);
            foreach (JsonElement core in root.GetProperty("olmo_core_configured").EnumerateArray().Where(c => c.GetProperty("name").GetString() == name))
            {
                foreach (JsonProperty flops in core.GetProperty("num_flops_per_token").EnumerateObject())
                {
                    Assert.True(flops.Value.GetInt64() == list.FlopsPerToken(int.Parse(flops.Name)), $"{name} at {flops.Name}: {list.FlopsPerToken(int.Parse(flops.Name))}");
                }
            }
        }
    }

    [Fact]
    public void Layers_OfTiedAndUntiedModels_RiseToTheHead()
    {
        ParameterList tied = new(TinyModels.Config("olmo1"));
        Assert.Equal(3, tied.LayerCount);
        Assert.Equal(0, tied.Head);
        ParameterList untied = new(TinyModels.Config("olmo2"));
        Assert.Equal(4, untied.LayerCount);
        Assert.Equal("lm_head.weight", untied.Specs[untied.Head].Name);
        Assert.Equal(["model.embed_tokens.weight"], untied.Specs.Where(s => s.NoDecay).Select(s => s.Name));
        Assert.Equal(untied.Elements, untied.Layout(5).Elements);
    }

    private static JsonElement Sizes()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(ReferenceData.PathOf("golden", "models", "sizes.json")));
        return document.RootElement.Clone();
    }

    private static OlmoConfig PresetOf(JsonElement facts, string name)
    {
        int width = facts.GetProperty("d_model").GetInt32();
        int heads = facts.GetProperty("n_heads").GetInt32();
        bool windows = facts.GetProperty("windows").ValueKind == JsonValueKind.Array;
        return new OlmoConfig
        {
            Family = windows ? ModelFamily.Olmo3 : ModelFamily.Olmo2,
            Width = width,
            Layers = facts.GetProperty("n_layers").GetInt32(),
            Heads = heads,
            KeyHeads = facts.GetProperty("n_kv_heads").GetInt32(),
            // The two smallest presets give the head size apart.
            HeadWidth = name.EndsWith("_1M", StringComparison.Ordinal) ? 4 : width / heads,
            FeedForward = facts.GetProperty("ffn_hidden").GetInt32(),
            Vocabulary = facts.GetProperty("vocab_size").GetInt32(),
            ContextLength = 4096,
            Windows = windows
                ? [.. facts.GetProperty("windows").EnumerateArray().Select(w => w.ValueKind == JsonValueKind.Number ? w.GetInt32() : 0)]
                : [],
        };
    }

    private static OlmoConfig ReleasedOf(JsonElement facts)
    {
        JsonElement config = facts.GetProperty("config");
        int width = config.GetProperty("hidden_size").GetInt32();
        int heads = config.GetProperty("num_attention_heads").GetInt32();
        string type = facts.GetProperty("class_").GetString()!;
        return new OlmoConfig
        {
            Family = type switch { "OlmoForCausalLM" => ModelFamily.Olmo1, "Olmo2ForCausalLM" => ModelFamily.Olmo2, _ => ModelFamily.Olmo3 },
            Width = width,
            Layers = config.GetProperty("num_hidden_layers").GetInt32(),
            Heads = heads,
            KeyHeads = config.TryGetProperty("num_key_value_heads", out JsonElement keyHeads) ? keyHeads.GetInt32() : heads,
            HeadWidth = width / heads,
            FeedForward = config.GetProperty("intermediate_size").GetInt32(),
            Vocabulary = config.GetProperty("vocab_size").GetInt32(),
            ContextLength = 2048,
            TiedEmbeddings = config.TryGetProperty("tie_word_embeddings", out JsonElement tied) && tied.GetBoolean(),
        };
    }
}
