using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Formats;

/// <summary>
/// <c>config.json</c> of Hugging Face's transformers for olmo, olmo2 and olmo3: reads the old fields (rope_theta, rope_scaling, torch_dtype) and the new ones
/// (rope_parameters, dtype); writes the old ones, which all versions read.
/// </summary>
public static partial class HuggingFaceConfig
{
    private const double Olmo1Epsilon = 1e-5;
    private const double Olmo2DefaultEpsilon = 1e-5;

    // What transformers 5 gives sliding layers whatever a flat rope_theta says; version 4 gives all layers the flat one.
    private const double SlidingTheta = 500_000.0;
    private const string Sliding = "sliding_attention";
    private const string Full = "full_attention";

    /// <summary>Reads a file.</summary>
    /// <exception cref="HuggingFaceException">Not a model of these families, a key is missing or has a value that cannot be used.</exception>
    public static OlmoConfig Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            throw new HuggingFaceException(path, $"not valid JSON: {e.Message}", e);
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new HuggingFaceException(path, "an object is needed.");
            }

            try
            {
                return Parse(new JsonFields(path, document.RootElement, string.Empty)).Validated();
            }
            catch (ModelConfigException e)
            {
                throw new HuggingFaceException(path, e.Message, e);
            }
        }
    }

    private static OlmoConfig Parse(JsonFields fields)
    {
        string type = fields.Text("model_type");
        ModelFamily family = type switch
        {
            "olmo" => ModelFamily.Olmo1,
            "olmo2" => ModelFamily.Olmo2,
            "olmo3" => ModelFamily.Olmo3,
            _ => throw fields.Wrong("model_type", $"'{type}'", "olmo, olmo2 or olmo3"),
        };
        string architecture = ArchitectureOf(family);
        Refuse(
            fields.Has("architectures") && !fields.Texts("architectures").Contains(architecture, StringComparer.Ordinal),
            fields,
            "architectures",
            fields.Has("architectures") ? $"[{string.Join(", ", fields.Texts("architectures"))}]" : string.Empty,
            $"{architecture} (model_type is {type})");
        Refuse(fields.Has("attention_bias") && fields.Flag("attention_bias"), fields, "attention_bias", "true", "false");
        Refuse(fields.Has("attention_dropout") && fields.Number("attention_dropout") != 0.0, fields, "attention_dropout", "not 0", "0");
        Refuse(fields.Has("hidden_act") && fields.Text("hidden_act") != "silu", fields, "hidden_act", "not silu", "silu");
        int width = fields.Integer("hidden_size");
        int heads = fields.Integer("num_attention_heads");
        int layers = fields.Integer("num_hidden_layers");
        Refuse(heads < 1, fields, "num_attention_heads", heads.ToString(CultureInfo.InvariantCulture), "a number above 0");
        ImmutableArray<int> windows = family == ModelFamily.Olmo3 ? Windows(fields, layers) : [];
        (double theta, YarnScaling? yarn) = Rope(fields, family);
        return new OlmoConfig
        {
            Family = family,
            Width = width,
            Layers = layers,
            Heads = heads,
            KeyHeads = fields.OptionalInteger("num_key_value_heads") ?? heads,
            HeadWidth = fields.OptionalInteger("head_dim") ?? width / heads,
            FeedForward = fields.Integer("intermediate_size"),
            Vocabulary = fields.Integer("vocab_size"),
            ContextLength = fields.Integer("max_position_embeddings"),
            RopeTheta = theta,
            Yarn = yarn,
            NormEpsilon = family == ModelFamily.Olmo1 ? Olmo1Epsilon : fields.OptionalNumber("rms_norm_eps") ?? Olmo2DefaultEpsilon,
            ClipQkv = family == ModelFamily.Olmo1 ? fields.OptionalNumber("clip_qkv") : null,
            TiedEmbeddings = fields.Has("tie_word_embeddings") && fields.Flag("tie_word_embeddings"),
            Initialisation = family == ModelFamily.Olmo1 ? InitialisationMethod.Mitchell : InitialisationMethod.Normal,
            InitialDeviation = fields.OptionalNumber("initializer_range") ?? 0.02,
            Windows = windows,
            EosTokenId = fields.OptionalInteger("eos_token_id"),
            PadTokenId = fields.OptionalInteger("pad_token_id"),
            BosTokenId = fields.OptionalInteger("bos_token_id"),
        };
    }

    private static ImmutableArray<int> Windows(JsonFields fields, int layers)
    {
        int window = fields.Integer("sliding_window");
        if (!fields.Has("layer_types"))
        {
            return [.. Enumerable.Range(0, layers).Select(l => (l + 1) % 4 == 0 ? 0 : window)];
        }

        ImmutableArray<int> windows =
        [
            .. fields.Texts("layer_types").Select(type => type switch
            {
                Sliding => window,
                Full => 0,
                _ => throw fields.Wrong("layer_types", $"'{type}' somewhere", $"{Sliding} or {Full}"),
            }),
        ];
        Refuse(windows.Length != layers, fields, "layer_types", $"a list of {windows.Length}", $"one for each of {layers} layers");
        return windows.All(w => w == 0) ? [] : windows;
    }

    private static (double Theta, YarnScaling? Yarn) Rope(JsonFields fields, ModelFamily family)
    {
        if (!fields.Has("rope_parameters"))
        {
            double flat = fields.Number("rope_theta");
            Refuse(
                family == ModelFamily.Olmo3 && flat != SlidingTheta,
                fields,
                "rope_theta",
                flat.ToString(CultureInfo.InvariantCulture),
                "500000 (versions of transformers differ in what others mean for olmo3), or rope_parameters,");
            return (flat, fields.Has("rope_scaling") ? Scaling(fields.Child("rope_scaling"), family) : null);
        }

        JsonFields rope = fields.Child("rope_parameters");
        JsonFields full = rope.Has(Full) ? rope.Child(Full) : rope;
        double theta = full.Number("rope_theta");
        if (rope.Has(Sliding))
        {
            JsonFields sliding = rope.Child(Sliding);
            Refuse(
                sliding.Has("rope_theta") && sliding.Number("rope_theta") != theta, sliding, "rope_theta", "not that of the full layers", "the same");
            Refuse(Scaling(sliding, family) is not null, sliding, "rope_type", "not default", "default");
        }

        return (theta, Scaling(full, family));
    }

    // Older files call the key "type".
    private static YarnScaling? Scaling(JsonFields fields, ModelFamily family)
    {
        string key = fields.Has("rope_type") ? "rope_type" : "type";
        string type = fields.Has(key) ? fields.Text(key) : "default";
        if (type == "default")
        {
            return null;
        }

        Refuse(type != "yarn" || family != ModelFamily.Olmo3, fields, key, $"'{type}'", "default, or yarn for olmo3,");
        return new YarnScaling(
            fields.Number("factor"),
            fields.Integer("original_max_position_embeddings"),
            fields.OptionalNumber("beta_fast") ?? 32.0,
            fields.OptionalNumber("beta_slow") ?? 1.0,
            fields.OptionalNumber("attention_factor"));
    }

    private static void Refuse(bool condition, JsonFields fields, string key, string value, string expected)
    {
        if (condition)
        {
            throw fields.Wrong(key, value, expected);
        }
    }

    /// <summary>The <c>model_type</c> of a family.</summary>
    public static string TypeOf(ModelFamily family) => family switch
    {
        ModelFamily.Olmo1 => "olmo",
        ModelFamily.Olmo2 => "olmo2",
        _ => "olmo3",
    };

    private static string ArchitectureOf(ModelFamily family) => family switch
    {
        ModelFamily.Olmo1 => "OlmoForCausalLM",
        ModelFamily.Olmo2 => "Olmo2ForCausalLM",
        _ => "Olmo3ForCausalLM",
    };
}
