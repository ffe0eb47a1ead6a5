using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Formats;

public static partial class HuggingFaceConfig
{
    // Of transformers 4, and of 5.
    private static readonly ImmutableArray<string> TypeKeys = ["torch_dtype", "dtype"];

    /// <summary>The bytes of <c>config.json</c>: the same for the same arguments.</summary>
    /// <param name="config">The model.</param>
    /// <param name="type">Type of the weights beside it: F32, BF16 or F16.</param>
    public static byte[] Write(OlmoConfig config, SafetensorsType type = SafetensorsType.F32)
    {
        ArgumentNullException.ThrowIfNull(config);
        string weightType = WeightType(type);
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            WriteFields(json, config, weightType);
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    /// <summary>The bytes of a <c>config.json</c> that says another type of weights, and else what it said before; the same bytes where it said that type already.</summary>
    /// <param name="config">A file that <see cref="Read"/> takes.</param>
    /// <param name="type">F32, BF16 or F16.</param>
    public static byte[] WithType(byte[] config, SafetensorsType type)
    {
        ArgumentNullException.ThrowIfNull(config);
        string weightType = WeightType(type);
        JsonObject root = JsonNode.Parse(config)!.AsObject();
        string[] keys = [.. TypeKeys.Where(root.ContainsKey)];
        if (keys.Length > 0 && keys.All(k => root[k]?.GetValueKind() == JsonValueKind.String && root[k]!.GetValue<string>() == weightType))
        {
            return config;
        }

        foreach (string key in keys.DefaultIfEmpty(TypeKeys[0]))
        {
            root[key] = weightType;
        }

        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            root.WriteTo(json);
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    /// <summary>The bytes of <c>generation_config.json</c>.</summary>
    public static byte[] WriteGeneration(OlmoConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteBoolean("_from_model_config", true);
            WriteToken(json, "eos_token_id", config.EosTokenId);
            WriteToken(json, "pad_token_id", config.PadTokenId);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static string WeightType(SafetensorsType type) => type switch
    {
        SafetensorsType.F32 => "float32",
        SafetensorsType.BF16 => "bfloat16",
        SafetensorsType.F16 => "float16",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Weights are written as F32, BF16 or F16."),
    };

    private static void WriteFields(Utf8JsonWriter json, OlmoConfig config, string weightType)
    {
        json.WriteStartObject();
        json.WriteStartArray("architectures");
        json.WriteStringValue(ArchitectureOf(config.Family));
        json.WriteEndArray();
        json.WriteBoolean("attention_bias", false);
        json.WriteNumber("attention_dropout", 0.0);
        WriteToken(json, "bos_token_id", config.BosTokenId);
        if (config.Family == ModelFamily.Olmo1)
        {
            WriteNumber(json, "clip_qkv", config.ClipQkv);
        }

        WriteToken(json, "eos_token_id", config.EosTokenId);
        if (config.HeadWidth * config.Heads != config.Width)
        {
            json.WriteNumber("head_dim", config.HeadWidth);
        }

        json.WriteString("hidden_act", "silu");
        json.WriteNumber("hidden_size", config.Width);
        json.WriteNumber("initializer_range", config.InitialDeviation);
        json.WriteNumber("intermediate_size", config.FeedForward);
        if (config.Family == ModelFamily.Olmo3)
        {
            WriteWindows(json, config);
        }

        json.WriteNumber("max_position_embeddings", config.ContextLength);
        json.WriteString("model_type", TypeOf(config.Family));
        json.WriteNumber("num_attention_heads", config.Heads);
        json.WriteNumber("num_hidden_layers", config.Layers);
        json.WriteNumber("num_key_value_heads", config.KeyHeads);
        WriteToken(json, "pad_token_id", config.PadTokenId);
        if (config.Family != ModelFamily.Olmo1)
        {
            json.WriteNumber("rms_norm_eps", config.NormEpsilon);
        }

        WriteRope(json, config);
        json.WriteBoolean("tie_word_embeddings", config.TiedEmbeddings);
        json.WriteString("torch_dtype", weightType);
        json.WriteBoolean("use_cache", true);
        json.WriteNumber("vocab_size", config.Vocabulary);
        json.WriteEndObject();
    }

    private static void WriteWindows(Utf8JsonWriter json, OlmoConfig config)
    {
        json.WriteStartArray("layer_types");
        int window = 0;
        for (int l = 0; l < config.Layers; l++)
        {
            window = Math.Max(window, config.WindowOf(l));
            json.WriteStringValue(config.WindowOf(l) > 0 ? Sliding : Full);
        }

        json.WriteEndArray();
        json.WriteNumber("sliding_window", window);
    }

    private static void WriteRope(Utf8JsonWriter json, OlmoConfig config)
    {
        if (config.Family == ModelFamily.Olmo3 && config.RopeTheta != SlidingTheta)
        {
            json.WriteStartObject("rope_parameters");
            json.WriteStartObject(Full);
            WriteScaling(json, config.Yarn);
            json.WriteNumber("rope_theta", config.RopeTheta);
            json.WriteEndObject();
            json.WriteStartObject(Sliding);
            WriteScaling(json, null);
            json.WriteNumber("rope_theta", config.RopeTheta);
            json.WriteEndObject();
            json.WriteEndObject();
            return;
        }

        if (config.Yarn is null)
        {
            json.WriteNull("rope_scaling");
        }
        else
        {
            json.WriteStartObject("rope_scaling");
            WriteScaling(json, config.Yarn);
            json.WriteEndObject();
        }

        json.WriteNumber("rope_theta", config.RopeTheta);
    }

    private static void WriteScaling(Utf8JsonWriter json, YarnScaling? yarn)
    {
        if (yarn is not null)
        {
            WriteNumber(json, "attention_factor", yarn.AttentionFactor);
            json.WriteNumber("beta_fast", yarn.BetaFast);
            json.WriteNumber("beta_slow", yarn.BetaSlow);
            json.WriteNumber("factor", yarn.Factor);
            json.WriteNumber("original_max_position_embeddings", yarn.OriginalContext);
        }

        json.WriteString("rope_type", yarn is null ? "default" : "yarn");
    }

    private static void WriteToken(Utf8JsonWriter json, string key, int? value) => WriteNumber(json, key, value);

    private static void WriteNumber(Utf8JsonWriter json, string key, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(key, number);
        }
        else
        {
            json.WriteNull(key);
        }
    }
}
