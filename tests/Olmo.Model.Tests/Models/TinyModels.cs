using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Models;

/// <summary>Models of a few thousand parameters whose sizes are multiples of nothing, and batches for them.</summary>
internal static class TinyModels
{
    public static TheoryData<string> Names => ["olmo1", "olmo1-clip", "olmo2", "olmo2-tied", "olmo3"];

    public static OlmoConfig Config(string name)
    {
        OlmoConfig small = new()
        {
            Family = ModelFamily.Olmo2,
            Width = 15,
            Layers = 2,
            Heads = 4,
            KeyHeads = 2,
            HeadWidth = 6,
            FeedForward = 13,
            Vocabulary = 29,
            ContextLength = 32,
            RopeTheta = 1e4,
            ZLossMultiplier = 1e-3,
            InitialDeviation = 0.3,
        };
        return name switch
        {
            "olmo1" => small with { Family = ModelFamily.Olmo1, KeyHeads = 4, TiedEmbeddings = true, NormEpsilon = 1e-5 },
            "olmo1-clip" => small with { Family = ModelFamily.Olmo1, ClipQkv = 0.4, NormEpsilon = 1e-5 },
            "olmo2" => small,
            "olmo2-tied" => small with { TiedEmbeddings = true, KeyHeads = 1 },
            "olmo3" => small with { Family = ModelFamily.Olmo3, Windows = [3, 0], Yarn = new YarnScaling(4.0, 8) },
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Unknown model."),
        };
    }

    public static ResidentWeights Weights(ITensorProvider provider, OlmoConfig config, ulong seed = 3, Func<string, Precision>? precision = null)
    {
        ResidentWeights weights = new(provider, new ParameterList(config, precision));
        Initialisation.Draw(weights, seed);
        // Norm weights of 1 would hide an error in where they stand.
        foreach ((ParameterSpec spec, int index) in weights.Parameters.Specs.Select((s, i) => (s, i)).Where(p => p.s.InitialDeviation == 0.0))
        {
            RandomStream random = new(seed, spec.Name);
            provider.Write<float>(weights[index], [.. Enumerable.Range(0, (int)spec.Shape.Count).Select(i => (float)(0.5 + random.Uniform((ulong)i)))]);
        }

        return weights;
    }

    public static TinyBatch Batch(OlmoConfig config, int sequences, int length, bool documents) => new(config, sequences, length, documents);
}

/// <summary>Ids with repeats, some labels left out, weights, documents.</summary>
internal sealed class TinyBatch
{
    public TinyBatch(OlmoConfig config, int sequences, int length, bool documents)
    {
        RandomStream random = new(11, "batch");
        Length = length;
        int rows = sequences * length;
        Ids = [.. Enumerable.Range(0, rows).Select(i => (int)random.Below((ulong)config.Vocabulary, (ulong)i))];
        Labels = [.. Enumerable.Range(0, rows).Select(i => i % 7 == 3 ? LossHeadPass.IgnoredLabel : (int)random.Below((ulong)config.Vocabulary, (ulong)(rows + i)))];
        LossWeights = [.. Enumerable.Range(0, rows).Select(i => (float)(0.25 + random.Uniform((ulong)(2 * rows) + (ulong)i)))];
        int first = length / 3;
        int second = (2 * length / 3) + 1;
        Starts = documents ? [.. Enumerable.Range(0, rows).Select(i => i % length < first ? 0 : i % length < second ? first : second)] : [];
    }

    public int Length { get; }

    public int[] Ids { get; }

    public int[] Labels { get; }

    public float[] LossWeights { get; }

    public int[] Starts { get; }

    public MicroBatch All => Part(0, Ids.Length / Length);

    public MicroBatch Part(int first, int sequences)
    {
        int from = first * Length;
        int count = sequences * Length;
        return new MicroBatch(
            Ids.AsSpan(from, count), Length, Labels.AsSpan(from, count), LossWeights.AsSpan(from, count), Starts.Length == 0 ? default : Starts.AsSpan(from, count));
    }
}
