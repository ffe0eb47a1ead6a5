using System.Text.Json.Nodes;
using Olmo.Model.Formats;
using Olmo.Model.Models;
using Olmo.Model.Tensors;
using Olmo.Tests;
using Xunit;

namespace Olmo.Model.Tests.Formats;

public sealed class HuggingFaceConfigTests
{
    // The released 7B of each family, typed from the published tables, in the style of transformers 4.
    private const string Olmo1 = """
        {"architectures":["OlmoForCausalLM"],"attention_bias":false,"attention_dropout":0.0,"clip_qkv":8.0,"eos_token_id":50279,"hidden_act":"silu",
         "hidden_size":4096,"initializer_range":0.02,"intermediate_size":11008,"max_position_embeddings":4096,"model_type":"olmo","num_attention_heads":32,
         "num_hidden_layers":32,"num_key_value_heads":32,"pad_token_id":1,"pretraining_tp":1,"rope_scaling":null,"rope_theta":10000.0,
         "tie_word_embeddings":false,"torch_dtype":"float32","transformers_version":"4.40.0","use_cache":true,"vocab_size":50304}
        """;

    private const string Olmo2 = """
        {"architectures":["Olmo2ForCausalLM"],"attention_bias":false,"attention_dropout":0.0,"bos_token_id":100257,"eos_token_id":100257,"hidden_act":"silu",
         "hidden_size":5120,"initializer_range":0.02,"intermediate_size":27648,"max_position_embeddings":4096,"model_type":"olmo2","num_attention_heads":40,
         "num_hidden_layers":64,"num_key_value_heads":8,"pad_token_id":100277,"rms_norm_eps":1e-06,"rope_scaling":null,"rope_theta":500000,
         "tie_word_embeddings":false,"torch_dtype":"bfloat16","transformers_version":"4.49.0","use_cache":true,"vocab_size":100352}
        """;

    private const string Olmo3 = """
        {"architectures":["Olmo3ForCausalLM"],"eos_token_id":100257,"hidden_act":"silu","hidden_size":4096,"intermediate_size":11008,
         "layer_types":["sliding_attention","sliding_attention","sliding_attention","full_attention"],"max_position_embeddings":65536,"model_type":"olmo3",
         "num_attention_heads":32,"num_hidden_layers":4,"num_key_value_heads":32,"pad_token_id":100277,"rms_norm_eps":1e-06,
         "rope_scaling":{"attention_factor":1.2079441541679836,"beta_fast":32,"beta_slow":1,"factor":8.0,"original_max_position_embeddings":8192,"rope_type":"yarn"},
         "rope_theta":500000,"sliding_window":4096,"tie_word_embeddings":false,"vocab_size":100352}
        """;

    [Fact]
    public void Read_PublishedOlmo1_GivesItsSizes()
    {
        OlmoConfig config = Read(Olmo1);
        Assert.Equal((ModelFamily.Olmo1, 4096, 32, 32, 32, 128), (config.Family, config.Width, config.Layers, config.Heads, config.KeyHeads, config.HeadWidth));
        Assert.Equal((11008, 50304, 4096, 10_000.0), (config.FeedForward, config.Vocabulary, config.ContextLength, config.RopeTheta));
        Assert.Equal((1e-5, 8.0, false), (config.NormEpsilon, config.ClipQkv, config.TiedEmbeddings));
        Assert.Equal((50279, 1, null), (config.EosTokenId, config.PadTokenId, config.BosTokenId));
    }

    [Fact]
    public void Read_PublishedOlmo2_GivesItsSizes()
    {
        OlmoConfig config = Read(Olmo2);
        Assert.Equal((ModelFamily.Olmo2, 5120, 64, 40, 8, 128), (config.Family, config.Width, config.Layers, config.Heads, config.KeyHeads, config.HeadWidth));
        Assert.Equal((27648, 100352, 4096, 500_000.0), (config.FeedForward, config.Vocabulary, config.ContextLength, config.RopeTheta));
        Assert.Equal((1e-6, null, false), (config.NormEpsilon, config.ClipQkv, config.TiedEmbeddings));
        Assert.Equal((100257, 100277, 100257), (config.EosTokenId, config.PadTokenId, config.BosTokenId));
        Assert.Equal(32_234_279_936, new ParameterList(config).Elements);
    }

    [Fact]
    public void Read_Olmo3OldAndNewStyle_GivesTheSameModel()
    {
        OlmoConfig old = Read(Olmo3);
        Assert.Equal([4096, 4096, 4096, 0], old.Windows.ToArray());
        Assert.Equal(new YarnScaling(8.0, 8192, 32.0, 1.0, 1.2079441541679836), old.Yarn);
        JsonObject fields = JsonNode.Parse(Olmo3)!.AsObject();
        JsonObject yarn = fields["rope_scaling"]!.AsObject();
        fields.Remove("rope_scaling");
        fields.Remove("rope_theta");
        yarn["rope_theta"] = 500_000.0;
        fields["rope_parameters"] = new JsonObject
        {
            ["full_attention"] = yarn,
            ["sliding_attention"] = new JsonObject { ["rope_type"] = "default", ["rope_theta"] = 500_000.0 },
        };
        Assert.Equal(old, Read(fields.ToJsonString()));
    }

    [Fact]
    public void Read_NewStyleRopeParameters_GivesTheSameModelAsTheOldStyle()
    {
        JsonObject fields = JsonNode.Parse(Olmo2)!.AsObject();
        fields.Remove("rope_scaling");
        fields.Remove("rope_theta");
        fields.Remove("torch_dtype");
        fields["dtype"] = "bfloat16";
        fields["rope_parameters"] = new JsonObject { ["rope_theta"] = 500_000.0, ["rope_type"] = "default" };
        Assert.Equal(Read(Olmo2), Read(fields.ToJsonString()));
    }

    [Theory]
    [InlineData(Olmo1)]
    [InlineData(Olmo2)]
    [InlineData(Olmo3)]
    public void Write_ReadBack_GivesTheSameModel(string json)
    {
        OlmoConfig config = Read(json);
        Assert.Equal(config, Read(System.Text.Encoding.UTF8.GetString(HuggingFaceConfig.Write(config))));
        OlmoConfig other = config with { RopeTheta = 123_456.0, HeadWidth = 64, TiedEmbeddings = true, EosTokenId = null };
        Assert.Equal(other, Read(System.Text.Encoding.UTF8.GetString(HuggingFaceConfig.Write(other))));
    }

    [Theory]
    [InlineData(Olmo1)]
    [InlineData(Olmo2)]
    [InlineData(Olmo3)]
    public void Write_OldStyleFields_AreThoseOfThePublishedFile(string json)
    {
        JsonObject published = JsonNode.Parse(json)!.AsObject();
        JsonObject written = JsonNode.Parse(HuggingFaceConfig.Write(Read(json), SafetensorsType.BF16))!.AsObject();
        Assert.Equal("bfloat16", written["torch_dtype"]!.GetValue<string>());
        foreach ((string key, JsonNode? value) in published)
        {
            if (key is not ("torch_dtype" or "transformers_version" or "pretraining_tp"))
            {
                Assert.True(JsonNode.DeepEquals(Numbers(value), Numbers(written[key])), $"{key}: {written[key]} was written; {value} is published");
            }
        }
    }

    [Theory]
    [InlineData("model_type", "\"llama\"", "'model_type' is 'llama'; olmo, olmo2 or olmo3 is needed")]
    [InlineData("architectures", "[\"LlamaForCausalLM\"]", "'architectures' is [LlamaForCausalLM]; Olmo2ForCausalLM")]
    [InlineData("hidden_size", null, "the key 'hidden_size' is missing")]
    [InlineData("hidden_size", "\"big\"", "'hidden_size' is big; a whole number")]
    [InlineData("hidden_size", "1.5", "'hidden_size' is 1.5; a whole number")]
    [InlineData("rope_theta", null, "the key 'rope_theta' is missing")]
    [InlineData("rope_scaling", "{\"type\":\"linear\",\"factor\":2.0}", "'rope_scaling.type' is 'linear'; default")]
    [InlineData("rope_scaling", "{\"rope_type\":\"yarn\",\"factor\":2.0}", "'rope_scaling.rope_type' is 'yarn'; default")]
    [InlineData("attention_bias", "true", "'attention_bias' is true; false is needed")]
    [InlineData("hidden_act", "\"gelu\"", "'hidden_act' is not silu")]
    [InlineData("num_key_value_heads", "7", "KeyHeads is 7; it must be a divisor of the 40 heads")]
    [InlineData("max_position_embeddings", "-1", "ContextLength is -1")]
    [InlineData("eos_token_id", "100352", "EosTokenId is 100352; it must be in 0 .. 100351")]
    public void Read_FieldThatCannotBeUsed_NamesFileKeyAndValue(string key, string? value, string message)
    {
        JsonObject fields = JsonNode.Parse(Olmo2)!.AsObject();
        fields.Remove(key);
        if (value is not null)
        {
            fields[key] = JsonNode.Parse(value);
        }

        using TemporaryFolder folder = new();
        string path = folder.Write("config.json", System.Text.Encoding.UTF8.GetBytes(fields.ToJsonString()));
        HuggingFaceException error = Assert.Throws<HuggingFaceException>(() => HuggingFaceConfig.Read(path));
        Assert.Equal(path, error.File);
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rope_theta", "10000", "'rope_theta' is 10000; 500000")]
    [InlineData("layer_types", "[\"full_attention\"]", "'layer_types' is a list of 1; one for each of 4 layers")]
    [InlineData("layer_types", "[\"full_attention\",\"linear_attention\",\"full_attention\",\"full_attention\"]", "'linear_attention' somewhere")]
    [InlineData("sliding_window", null, "the key 'sliding_window' is missing")]
    public void Read_Olmo3FieldThatCannotBeUsed_NamesKeyAndValue(string key, string? value, string message)
    {
        JsonObject fields = JsonNode.Parse(Olmo3)!.AsObject();
        fields.Remove(key);
        if (value is not null)
        {
            fields[key] = JsonNode.Parse(value);
        }

        HuggingFaceException error = Assert.Throws<HuggingFaceException>(() => Read(fields.ToJsonString()));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("")]
    public void Read_NotAnObject_IsATypedError(string json) => Assert.Throws<HuggingFaceException>(() => Read(json));

    [ReferenceFact]
    public void Read_EveryGoldenFile_SurvivesWriteAndRead()
    {
        string[] folders = Directory.GetDirectories(ReferenceData.PathOf("golden", "models"));
        Assert.True(folders.Length >= 8, $"{folders.Length} folders");
        foreach (string folder in folders)
        {
            OlmoConfig config = HuggingFaceConfig.Read(Path.Combine(folder, "config.json"));
            Assert.Equal(config, Read(System.Text.Encoding.UTF8.GetString(HuggingFaceConfig.Write(config))));
        }
    }

    private static OlmoConfig Read(string json)
    {
        using TemporaryFolder folder = new();
        return HuggingFaceConfig.Read(folder.Write("config.json", System.Text.Encoding.UTF8.GetBytes(json)));
    }

    // Numbers as doubles, so that 8 and 8.0 are equal.
    private static JsonNode? Numbers(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields.Select(f => KeyValuePair.Create(f.Key, Numbers(f.Value)))),
        JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.Number =>
            JsonValue.Create(double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture)),
        _ => node?.DeepClone(),
    };
}
