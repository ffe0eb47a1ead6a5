using System.Text.Json;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Formats;
using Olmo.Model.Generation;
using Olmo.Model.Layers;
using Olmo.Model.Models;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Tensors;
using Olmo.Tests;

namespace Olmo.Model.Tests.Models;

/// <summary>Passes that see weights and keep activations in bf16: what is rounded, and how far that is from fp32 and from the reference.</summary>
public sealed class BFloat16ModelTests : IDisposable
{
    private const int Sequences = 3;
    private const int Length = 21;
    private readonly ComputePool _pool = new(2);
    private readonly CpuProvider _provider;

    public BFloat16ModelTests() => _provider = new CpuProvider(_pool, SimdWidths.Best);

    public static TheoryData<string> Names => TinyModels.Names;

    public static TheoryData<string> Folders => GoldenModelTests.Folders;

    public void Dispose()
    {
        _provider.Dispose();
        _pool.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Activations_OfEveryKindOfPass_AreBFloat16Values(string name)
    {
        OlmoConfig config = TinyModels.Config(name);
        using ResidentWeights weights = TinyModels.Weights(_provider, config, precision: _ => Precision.BFloat16);
        TinyBatch batch = TinyModels.Batch(config, Sequences, Length, documents: true);
        foreach (GradientStorage storage in (GradientStorage[])[GradientStorage.None, GradientStorage.OneLayer])
        {
            using OlmoModel model = new(_provider, weights.Parameters, weights, Sequences, Length, storage);
            model.BeginGroup();
            model.Evaluate<float>(batch.All);
            ActivationSet a = model.Activations(Sequences * Length);
            BlockActivations b = a.Blocks[^1]; // what it wrote lies there last
            Activation[] all =
            [
                new(a.Normed), b.Input, b.NormedInput, b.RawQuery, b.RawKey, b.RawValue, b.Query, b.Key, b.Value, b.Mixed, b.Attended, b.Middle, b.NormedMiddle, b.Gate, b.Up, b.Hidden, b.Fed, b.Output,
            ];
            Assert.All(all.Where(t => !t.IsNone), t => Assert.All(Floats(t), v => Assert.Equal(0u, BitConverter.SingleToUInt32Bits(v) & 0xFFFF)));
            Assert.Contains(Floats(new Activation(a.Logits)), v => (BitConverter.SingleToUInt32Bits(v) & 0xFFFF) != 0); // fp32
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decoder_TokenByToken_HasTheLogitsOfAWholePass(string name)
    {
        OlmoConfig config = TinyModels.Config(name);
        using ResidentWeights weights = TinyModels.Weights(_provider, config, precision: _ => Precision.BFloat16);
        int[] ids = TinyModels.Batch(config, 1, Length, documents: false).Ids;
        float[] whole = new float[Length * config.Vocabulary];
        using OlmoModel model = new(_provider, weights.Parameters, weights, 1, Length, GradientStorage.None);
        model.Logits<float>(new MicroBatch(ids, Length), whole);
        using OlmoDecoder decoder = new(_provider, weights.Parameters, weights, 1, Length);
        float[] logits = new float[config.Vocabulary];
        for (int t = 0; t < Length; t++)
        {
            decoder.Append(0, ids.AsSpan(t, 1), logits);
            Assert.Equal(whole.AsSpan(t * config.Vocabulary, config.Vocabulary).ToArray(), logits);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_OfWeightsThatRoundToTheSame_HaveTheSameBits(string name)
    {
        OlmoConfig config = TinyModels.Config(name);
        using ResidentWeights weights = TinyModels.Weights(_provider, config, precision: _ => Precision.BFloat16);
        List<float[]> first = Gradients(_provider, weights).Floats;
        for (int p = 0; p < weights.Parameters.Specs.Length; p++)
        {
            _provider.RoundToBFloat16(weights[p], weights[p], default);
        }

        Assert.Equal(first, Gradients(_provider, weights).Floats);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_OfEveryParameter_AreFp32sWithinBFloat16sError(string name)
    {
        OlmoConfig config = TinyModels.Config(name);
        using ResidentWeights single = TinyModels.Weights(_provider, config);
        using ResidentWeights half = TinyModels.Weights(_provider, config, precision: _ => Precision.BFloat16);
        Dictionary<string, double[]> expected = Gradients(_provider, single).Sums;
        Dictionary<string, double[]> actual = Gradients(_provider, half).Sums;
        AssertNear(name, expected, actual, config.ClipQkv is not null);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_OfEveryParameter_AreThoseOfFp64WithTheSameRoundings(string name)
    {
        OlmoConfig config = TinyModels.Config(name);
        using Fp64Provider exact = new();
        using ResidentWeights doubles = TinyModels.Weights(exact, config, precision: _ => Precision.BFloat16);
        using ResidentWeights half = TinyModels.Weights(_provider, config, precision: _ => Precision.BFloat16);
        CapturedGradients captured = Gradients(exact, doubles, asDouble: true);
        Dictionary<string, double[]> actual = Gradients(_provider, half).Sums;
        foreach ((string parameter, double[] e) in captured.Sums)
        {
            // None of these values lies so near a middle that fp32 rounds it the other way.
            double difference = Distance(e, actual[parameter]);
            Assert.True(difference <= 1e-5, $"{name} {parameter}: {difference}");
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(Folders))]
    public void Logits_OfGoldenModels_AreWithinBFloat16sErrorOfTheReference(string name)
    {
        using GoldenModel golden = new(name, _provider, Precision.BFloat16);
        using OlmoModel model = golden.Model(2, 16, GradientStorage.None);
        double[] expected = GoldenModel.Doubles(golden.Cases, "b2_t16.logits_f64");
        float[] logits = new float[expected.Length];
        model.Logits<float>(new MicroBatch(GoldenModel.Integers(golden.Cases, "b2_t16.input_ids"), 16), logits);
        Assert.InRange(Distance(expected, Doubles(logits)), 1e-4, 0.02);
    }

    [ReferenceFact]
    public void Logits_OfTheBFloat16Model_AreAsNearToExactAsTheReferencesOwnBFloat16()
    {
        using GoldenModel golden = new("olmo2-deep", _provider, Precision.BFloat16);
        using OlmoModel model = golden.Model(1, 7, GradientStorage.None);
        double[] exact = GoldenModel.Doubles(golden.Cases, "b1_t7.logits_f64");
        double[] native = GoldenModel.Doubles(golden.Cases, "b1_t7.logits_native");
        float[] logits = new float[exact.Length];
        model.Logits<float>(new MicroBatch(GoldenModel.Integers(golden.Cases, "b1_t7.input_ids"), 7), logits);
        double theirs = Distance(exact, native);
        Assert.InRange(Distance(exact, Doubles(logits)), 0.0, theirs);
        Assert.InRange(Distance(native, Doubles(logits)), 0.0, 2 * theirs);
    }

    [ReferenceTheory]
    [MemberData(nameof(Folders))]
    public void Gradients_OfGoldenModels_AreWithinBFloat16sErrorOfTheReference(string name)
    {
        using GoldenModel golden = new(name, _provider, Precision.BFloat16);
        JsonElement tensors = golden.Facts.GetProperty("gradient").GetProperty("tensors");
        CapturedGradients captured = new(_provider, golden.Parameters, asDouble: false);
        int[] labels = GoldenModel.Integers(golden.Cases, "b2_t16.labels");
        using OlmoModel model = golden.Model(2, 16, GradientStorage.OneLayer);
        model.BeginGroup();
        model.ForwardBackward(
            new MicroBatch(GoldenModel.Integers(golden.Cases, "b2_t16.input_ids"), 16, labels), labels.Count(l => l >= 0), isFirst: true, captured);
        using SafetensorsReader stored = golden.OpenFile("grads.safetensors");
        Dictionary<string, double[]> expected = golden.Parameters.Specs.Where(spec => tensors.GetProperty(spec.Name).GetProperty("stored").GetBoolean())
            .ToDictionary(spec => spec.Name, spec => GoldenModel.Doubles(stored, spec.Name));
        AssertNear(name, expected, captured.Sums, golden.Parameters.Config.ClipQkv is not null);
    }

    // One rounding changes a value by up to 2^-9 of it; through a few dozen of them gradients move by a few per cent. A clamp lets a gradient pass or stops it, so that where there is one, values
    // beside the limit change sides.
    private static void AssertNear(string name, Dictionary<string, double[]> expected, Dictionary<string, double[]> actual, bool hasClamp)
    {
        double all = Distance(expected.SelectMany(e => e.Value), expected.SelectMany(e => actual[e.Key]));
        Assert.InRange(all, 1e-4, hasClamp ? 0.1 : 0.05);
        Assert.All(expected, e => Assert.InRange(Distance(e.Value, actual[e.Key]), 1e-5, hasClamp ? 0.3 : 0.15));
    }

    private static double[] Doubles(float[] values) => Array.ConvertAll(values, v => (double)v);

    private static double Distance(IEnumerable<double> expected, IEnumerable<double> actual) =>
        GoldenModelTests.Norm([.. expected.Zip(actual, (e, a) => e - a)]) / GoldenModelTests.Norm([.. expected]);

    private static CapturedGradients Gradients(ITensorProvider provider, ResidentWeights weights, bool asDouble = false)
    {
        OlmoConfig config = weights.Parameters.Config;
        using OlmoModel model = new(provider, weights.Parameters, weights, Sequences, Length, GradientStorage.OneLayer);
        CapturedGradients captured = new(provider, weights.Parameters, asDouble);
        model.BeginGroup();
        model.ForwardBackward(TinyModels.Batch(config, Sequences, Length, documents: true).All, 40.0, isFirst: true, captured);
        return captured;
    }

    private float[] Floats(Activation activation)
    {
        float[] values = new float[activation.Values.Count];
        _provider.Read<float>(activation.Values.View(0, new Shape(values.Length)), values);
        return values;
    }
}
