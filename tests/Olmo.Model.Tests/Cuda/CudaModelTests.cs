using System.Text.Json;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Cuda;
using Olmo.Model.Formats;
using Olmo.Model.Models;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Models;
using Olmo.Tests;
using Xunit;

namespace Olmo.Model.Tests.Cuda;

/// <summary>Whole passes on a GPU against those of the CPU and against the reference implementation.</summary>
public sealed class CudaModelTests
{
    private const int Sequences = 3;
    private const int Length = 21;

    public static TheoryData<string> Names => TinyModels.Names;

    public static TheoryData<string> Folders => GoldenModelTests.Folders;

    [CudaTheory]
    [MemberData(nameof(Names))]
    public void Passes_InFp32_AreThoseOfTheCpu(string name) => Compare(name, Precision.Single, 1e-4);

    // The GPU rounds gradients of activations too: it may be farther from fp32 than the CPU, though not much.
    [CudaTheory]
    [MemberData(nameof(Names))]
    public void Passes_InBFloat16_AreNearTheCpusAndAboutAsNearToFp32(string name)
    {
        using ComputePool pool = new(2);
        using CpuProvider cpu = new(pool, SimdWidths.Best);
        using CudaProvider cuda = new();
        Passed exact = Run(cpu, name, Precision.Single);
        Passed theirs = Run(cpu, name, Precision.BFloat16);
        Passed actual = Run(cuda, name, Precision.BFloat16);
        Assert.InRange(Distance(theirs.Logits, actual.Logits), 0.0, 2e-2);
        Assert.InRange(Math.Abs(actual.Loss - exact.Loss), 0.0, 2e-2 * exact.Loss);
        Assert.InRange(Distance(All(theirs), All(actual, theirs)), 1e-4, 2e-2);
        Assert.InRange(Distance(All(exact), All(actual, exact)), 1e-4, 1.5 * Distance(All(exact), All(theirs, exact)));
    }

    [CudaTheory]
    [MemberData(nameof(Names))]
    public void Passes_WithBlocksComputedAgain_HaveTheSameBits(string name)
    {
        using CudaProvider cuda = new();
        Passed kept = Run(cuda, name, Precision.BFloat16);
        Passed again = Run(cuda, name, Precision.BFloat16, ActivationRecomputation.Blocks);
        Assert.Equal(kept.Loss, again.Loss);
        Assert.All(kept.Gradients, g => Assert.Equal(g.Value, again.Gradients[g.Key]));
    }

    [CudaReferenceTheory]
    [MemberData(nameof(Folders))]
    public void Logits_OfGoldenModels_MatchTheReference(string name)
    {
        using CudaProvider cuda = new();
        foreach ((Precision precision, double bar) in ((Precision, double)[])[(Precision.Single, 1e-4), (Precision.BFloat16, 2e-2)])
        {
            using GoldenModel golden = new(name, cuda, precision);
            using OlmoModel model = golden.Model(2, 16, GradientStorage.None);
            double[] expected = GoldenModel.Doubles(golden.Cases, "b2_t16.logits_f64");
            float[] logits = new float[expected.Length];
            model.Logits<float>(new MicroBatch(GoldenModel.Integers(golden.Cases, "b2_t16.input_ids"), 16), logits);
            Assert.InRange(Distance(expected, Array.ConvertAll(logits, v => (double)v)), 0.0, bar);
        }
    }

    [CudaReferenceTheory]
    [MemberData(nameof(Folders))]
    public void Gradients_OfGoldenModels_MatchTheReference(string name)
    {
        using CudaProvider cuda = new();
        using GoldenModel golden = new(name, cuda);
        JsonElement tensors = golden.Facts.GetProperty("gradient").GetProperty("tensors");
        CapturedGradients captured = new(cuda, golden.Parameters, asDouble: false);
        int[] labels = GoldenModel.Integers(golden.Cases, "b2_t16.labels");
        using OlmoModel model = golden.Model(2, 16, GradientStorage.OneLayer);
        model.BeginGroup();
        model.ForwardBackward(
            new MicroBatch(GoldenModel.Integers(golden.Cases, "b2_t16.input_ids"), 16, labels), labels.Count(l => l >= 0), isFirst: true, captured);
        using SafetensorsReader stored = golden.OpenFile("grads.safetensors");
        foreach (ParameterSpec spec in golden.Parameters.Specs.Where(s => tensors.GetProperty(s.Name).GetProperty("stored").GetBoolean()))
        {
            double distance = Distance(GoldenModel.Doubles(stored, spec.Name), captured.Sums[spec.Name]);
            Assert.True(distance <= 1e-4, $"{name} {spec.Name}: {distance}");
        }
    }

    private static void Compare(string name, Precision precision, double bar)
    {
        using ComputePool pool = new(2);
        using CpuProvider cpu = new(pool, SimdWidths.Best);
        using CudaProvider cuda = new();
        Passed expected = Run(cpu, name, precision);
        Passed actual = Run(cuda, name, precision);
        Assert.InRange(Distance(expected.Logits, actual.Logits), 0.0, bar);
        Assert.InRange(Math.Abs(actual.Loss - expected.Loss), 0.0, bar * expected.Loss);
        Assert.InRange(Distance(All(expected), All(actual, expected)), 0.0, bar);
    }

    private static Passed Run(ITensorProvider provider, string name, Precision precision, ActivationRecomputation recomputation = ActivationRecomputation.None)
    {
        OlmoConfig config = TinyModels.Config(name);
        using ResidentWeights weights = TinyModels.Weights(provider, config, precision: _ => precision);
        using OlmoModel model = new(provider, weights.Parameters, weights, Sequences, Length, GradientStorage.OneLayer, recomputation);
        TinyBatch batch = TinyModels.Batch(config, Sequences, Length, documents: true);
        float[] logits = new float[Sequences * Length * config.Vocabulary];
        model.Logits<float>(batch.All, logits);
        CapturedGradients captured = new(provider, weights.Parameters, asDouble: false);
        model.BeginGroup();
        model.ForwardBackward(batch.All, 40.0, isFirst: true, captured);
        return new Passed(Array.ConvertAll(logits, v => (double)v), model.ReadLoss().CrossEntropy, captured.Sums);
    }

    private static IEnumerable<double> All(Passed passed, Passed? order = null) => (order ?? passed).Gradients.SelectMany(g => passed.Gradients[g.Key]);

    private static double Distance(IEnumerable<double> expected, IEnumerable<double> actual) =>
        GoldenModelTests.Norm([.. expected.Zip(actual, (e, a) => e - a)]) / GoldenModelTests.Norm([.. expected]);

    private sealed record Passed(double[] Logits, double Loss, Dictionary<string, double[]> Gradients);
}
