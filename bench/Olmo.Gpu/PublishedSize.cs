using System.Globalization;
using Olmo.Model.Models;

namespace Olmo.Gpu;

/// <summary>A published size, from its file under <c>hocon/models</c>, which this program carries.</summary>
/// <param name="Config">The model.</param>
/// <param name="SequenceLength">The length that it was trained at.</param>
internal sealed record PublishedSize(OlmoConfig Config, int SequenceLength)
{
    // Of OLMo 2's recipes.
    private const double ZLoss = 1e-5;

    /// <summary>Names of the sizes.</summary>
    public static IEnumerable<string> Names => typeof(PublishedSize).Assembly.GetManifestResourceNames().Order(StringComparer.Ordinal);

    /// <summary>Reads a size.</summary>
    /// <param name="name">Name of its file: olmo2-1b.</param>
    /// <exception cref="FormatException">There is no such file, or a line of it is not understood.</exception>
    public static PublishedSize Of(string name)
    {
        using Stream file = typeof(PublishedSize).Assembly.GetManifestResourceStream(name) ?? throw new FormatException($"no size {name}; there are {string.Join(", ", Names)}");
        using StreamReader reader = new(file);
        Dictionary<string, string> keys = new(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            string[] parts = line.Split('#')[0].Split('=', StringSplitOptions.TrimEntries);
            if (parts.Length == 2)
            {
                keys.Add(parts[0], parts[1]);
            }
        }

        int Number(string key) => int.Parse(keys[key], CultureInfo.InvariantCulture);
        double Real(string key) => double.Parse(keys[key], CultureInfo.InvariantCulture);
        int heads = Number("heads");
        OlmoConfig config = new()
        {
            Family = keys["family"] == "olmo" ? ModelFamily.Olmo1 : ModelFamily.Olmo2,
            Width = Number("width"),
            Layers = Number("layers"),
            Heads = heads,
            KeyHeads = keys.ContainsKey("kv-heads") ? Number("kv-heads") : heads,
            HeadWidth = Number("width") / heads,
            FeedForward = Number("ffn"),
            Vocabulary = Number("vocabulary"),
            ContextLength = Number("batch.sequence-length"),
            RopeTheta = Real("rope-theta"),
            NormEpsilon = Real("norm-epsilon"),
            TiedEmbeddings = keys.GetValueOrDefault("tied") == "true",
            ZLossMultiplier = ZLoss,
        };
        return new PublishedSize(config.Validated(), config.ContextLength);
    }

    /// <summary>The same with fewer layers, or another width: heads keep their width.</summary>
    /// <param name="layers">0: as published.</param>
    /// <param name="width">0: as published; else a multiple of the head width.</param>
    /// <param name="vocabulary">0: as published.</param>
    public PublishedSize Shrunk(int layers, int width, int vocabulary)
    {
        OlmoConfig c = Config with { Layers = layers == 0 ? Config.Layers : layers, Vocabulary = vocabulary == 0 ? Config.Vocabulary : vocabulary };
        if (width != 0)
        {
            int headWidth = Math.Min(c.HeadWidth, width);
            c = c with
            {
                Width = width,
                HeadWidth = headWidth,
                Heads = width / headWidth,
                KeyHeads = width / headWidth,
                FeedForward = (int)((long)Config.FeedForward * width / Config.Width),
            };
        }

        return this with { Config = c.Validated() };
    }
}
