using System.Globalization;
using System.Text;
using System.Text.Json;
using Olmo.Model.Formats;
using Olmo.Model.Models;

namespace Olmo.Host.Models;

/// <summary>A model folder as the start of a training: the keys of a recipe that say so, and the check that they do.</summary>
internal static class ModelRecipe
{
    /// <summary>File of an imported folder that a recipe includes.</summary>
    public const string FileName = "model.conf";

    /// <summary>File of an imported folder with the digest of its weights.</summary>
    public const string DigestFile = "weights.sha256";

    /// <summary>Digits of a digest.</summary>
    private const int DigestLength = 64;

    /// <summary>Why no recipe can train this model; null: one can.</summary>
    public static string? Obstacle(OlmoConfig config) =>
        config.Family == ModelFamily.Olmo3 ? "recipes have olmo and olmo2, not olmo3"
        : config.Width != config.Heads * config.HeadWidth ? $"'head_dim' is {config.HeadWidth}, and recipes have heads of hidden_size / num_attention_heads only"
        : null;

    /// <summary>The file.</summary>
    /// <param name="config">The model.</param>
    /// <param name="folder">Where it will lie.</param>
    /// <param name="hasTokenizer">Whether a tokenizer lies there too.</param>
    public static byte[] Write(OlmoConfig config, string folder, bool hasTokenizer)
    {
        string path = Path.GetFullPath(folder);
        StringBuilder text = new();
        text.Append("# The model of this folder as the start of a training: a recipe includes this file.\n");
        text.Append("model {\n");
        foreach ((string key, string value) in Keys(config).Where(k => k.Key != "head-width"))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {key} = {value}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"  init-std = {Number(config.InitialDeviation)}\n");
        text.Append(CultureInfo.InvariantCulture, $"  init-from = {Quoted(path)}\n}}\n");
        if (hasTokenizer)
        {
            text.Append(CultureInfo.InvariantCulture, $"tokenizer.path = {Quoted(path)}\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Digest of the weights of an imported folder; null where the folder is none.</summary>
    public static string? DigestOf(string folder)
    {
        string path = Path.Combine(folder, DigestFile);
        string? text = File.Exists(path) ? File.ReadAllText(path).TrimEnd() : null;
        return text?.Length == DigestLength && text.All(char.IsAsciiHexDigitLower) ? text : null;
    }

    /// <summary>Compares a recipe's model with that of the folder that it starts from.</summary>
    /// <exception cref="UsageException">They differ; every key is named.</exception>
    public static void RequireEqual(OlmoConfig recipe, string folder)
    {
        OlmoConfig stored = ModelFolders.Guard(folder, () => HuggingFaceConfig.Read(Path.Combine(folder, HuggingFaceFolder.ConfigFile)));
        string[] differing =
        [
            .. Keys(recipe).Zip(Keys(stored)).Where(pair => pair.First.Value != pair.Second.Value)
                .Select(pair => $"model.{pair.First.Key} = {pair.First.Value}: the model of model.init-from = '{folder}' has {pair.Second.Value}"),
        ];
        if (differing.Length > 0 || Obstacle(stored) is not null)
        {
            throw new UsageException(string.Join('\n', [.. differing, .. Obstacle(stored) is { } why ? [$"model.init-from = '{folder}': {why}"] : Array.Empty<string>()]));
        }
    }

    private static IEnumerable<(string Key, string Value)> Keys(OlmoConfig c) =>
    [
        ("family", HuggingFaceConfig.TypeOf(c.Family)),
        ("width", Number(c.Width)),
        ("layers", Number(c.Layers)),
        ("heads", Number(c.Heads)),
        ("kv-heads", Number(c.KeyHeads)),
        ("head-width", Number(c.HeadWidth)),
        ("ffn", Number(c.FeedForward)),
        ("vocabulary", Number(c.Vocabulary)),
        ("rope-theta", Number(c.RopeTheta)),
        ("norm-epsilon", Number(c.NormEpsilon)),
        ("clip-qkv", Number(c.ClipQkv ?? 0.0)),
        ("tied", c.TiedEmbeddings ? "true" : "false"),
    ];

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quoted(string text) => JsonSerializer.Serialize(text);
}
