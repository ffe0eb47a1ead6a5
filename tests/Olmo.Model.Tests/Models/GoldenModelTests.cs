using System.Text.Json;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Formats;
using Olmo.Model.Models;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Tensors;
using Olmo.Tests;

namespace Olmo.Model.Tests.Models;

/// <summary>Tiny models of all families against the reference implementation's logits, losses and gradients.</summary>
public sealed class GoldenModelTests
{
    public static TheoryData<string> Folders => ["olmo1-tiny", "olmo1-clip-gqa", "olmo2-tiny", "olmo2-gqa", "olmo2-deep", "olmo2-fp16", "olmo3-tiny", "olmo3-yarn"];

    [ReferenceTheory]
    [MemberData(nameof(Folders))]
    public void Logits_EveryCase_MatchReference(string name)
    {
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using GoldenModel golden = new(name, provider);
        foreach (JsonElement facts in golden.Facts.GetProperty("cases").EnumerateArray())
        {
            (string id, int batch, int length) = CaseOf(facts);
            using OlmoModel model = golden.Model(batch, length, GradientStorage.None);
            double[] expected = GoldenModel.Doubles(golden.Cases, $"{id}.logits_f64");
            float[] logits = new float[expected.Length];
            model.Logits<float>(new MicroBatch(GoldenModel.Integers(golden.Cases, $"{id}.input_ids"), length), logits);
            AssertWithin(expected, logits, length > 33 ? 2e-4 : 1e-4, $"{name} {id}");
        }
    }

    [ReferenceTheory]
    [InlineData("olmo1-clip-gqa", 1e-11)]
    [InlineData("olmo1-tiny", 1e-11)]
    [InlineData("olmo2-gqa", 1e-11)]
    [InlineData("olmo3-yarn", 1e-11)]
    [InlineData("olmo3-tiny", 1e-11)]
    public void Logits_Fp64Provider_MatchReferenceToRounding(string name, double tolerance)
    {
        using Fp64Provider provider = new();
        using GoldenModel golden = new(name, provider);
        JsonElement facts = golden.Facts.GetProperty("cases").EnumerateArray().First(c => c.GetProperty("name").GetString() == "b2_t16");
        (string id, int batch, int length) = CaseOf(facts);
        using OlmoModel model = golden.Model(batch, length, GradientStorage.None);
        double[] expected = GoldenModel.Doubles(golden.Cases, $"{id}.logits_f64");
        double[] logits = new double[expected.Length];
        model.Logits<double>(new MicroBatch(GoldenModel.Integers(golden.Cases, $"{id}.input_ids"), length), logits);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - logits[i]) <= tolerance, $"{name} {id} [{i}]: {logits[i]:R}, expected {expected[i]:R}");
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(Folders))]
    public void Losses_EveryCase_MatchReference(string name)
    {
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using GoldenModel golden = new(name, provider);
        foreach (JsonElement facts in golden.Facts.GetProperty("cases").EnumerateArray())
        {
            (string id, int batch, int length) = CaseOf(facts);
            int valid = facts.GetProperty("n_valid").GetInt32();
            using OlmoModel model = golden.Model(batch, length, GradientStorage.None);
            int[] labels = GoldenModel.Integers(golden.Cases, $"{id}.labels");
            Assert.Equal(valid, labels.Count(l => l != LossHeadPass.IgnoredLabel));
            float[] tokens = new float[labels.Length];
            model.BeginGroup();
            model.Evaluate<float>(new MicroBatch(GoldenModel.Integers(golden.Cases, $"{id}.input_ids"), length, labels), tokens);
            (double ce, double z) = model.ReadLoss();
            if (valid == 0)
            {
                Assert.Equal(0.0, ce);
                continue;
            }

            AssertRelative(facts.GetProperty("ce_f64").GetDouble(), ce / valid, 2e-6, $"{name} {id} ce");
            AssertRelative(facts.GetProperty("z_f64").GetDouble(), z / valid, 2e-6, $"{name} {id} z");
            AssertWithin(GoldenModel.Doubles(golden.Cases, $"{id}.token_ce_f64"), tokens, 1e-4, $"{name} {id} token ce");
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(Folders))]
    public void Gradients_OfCePlusZ_MatchReference(string name)
    {
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using GoldenModel golden = new(name, provider);
        JsonElement gradient = golden.Facts.GetProperty("gradient");
        Assert.Equal("b2_t16", gradient.GetProperty("case").GetString());
        CapturedGradients captured = new(provider, golden.Parameters, asDouble: false);
        int[] labels = GoldenModel.Integers(golden.Cases, "b2_t16.labels");
        using OlmoModel model = golden.Model(2, 16, GradientStorage.OneLayer);
        model.BeginGroup();
        model.ForwardBackward(
            new MicroBatch(GoldenModel.Integers(golden.Cases, "b2_t16.input_ids"), 16, labels), labels.Count(l => l >= 0), isFirst: true, captured);
        Assert.Equal(Enumerable.Range(0, golden.Parameters.LayerCount).Reverse(), captured.Layers);

        using SafetensorsReader stored = golden.OpenFile("grads.safetensors");
        double squares = 0.0;
        foreach (ParameterSpec spec in golden.Parameters.Specs)
        {
            double[] actual = captured.Sums[spec.Name];
            JsonElement facts = gradient.GetProperty("tensors").GetProperty(spec.Name);
            double norm = Norm(actual);
            squares += norm * norm;
            AssertRelative(facts.GetProperty("norm_f64").GetDouble(), norm, 1e-5, $"{name} {spec.Name} norm");
            if (facts.GetProperty("stored").GetBoolean())
            {
                double[] expected = GoldenModel.Doubles(stored, spec.Name);
                double tolerance = 2e-5 * facts.GetProperty("max_abs").GetDouble();
                AssertWithin(expected, [.. actual.Select(v => (float)v)], tolerance, $"{name} {spec.Name}");
            }
        }

        AssertRelative(gradient.GetProperty("global_norm_f64").GetDouble(), Math.Sqrt(squares), 2e-6, $"{name} global norm");
    }

    [ReferenceTheory]
    [MemberData(nameof(Folders))]
    public void PackedDocuments_AttentionInsideDocuments_MatchesEachDocumentAlone(string name)
    {
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using GoldenModel golden = new(name, provider);
        JsonElement facts = golden.Facts.GetProperty("packed");
        int[] ids = GoldenModel.Integers(golden.Cases, "packed.input_ids");
        int[] documents = GoldenModel.Integers(golden.Cases, "packed.doc_ids");
        int[] starts = [.. documents.Select(d => Array.IndexOf(documents, d))];
        int[] labels = [.. ids.Skip(1), LossHeadPass.IgnoredLabel];
        using OlmoModel model = golden.Model(1, ids.Length, GradientStorage.OneLayer);
        float[] logits = new float[ids.Length * golden.Parameters.Config.Vocabulary];
        model.Logits<float>(new MicroBatch(ids, ids.Length, documentStarts: starts), logits);
        AssertWithin(GoldenModel.Doubles(golden.Cases, "packed.logits_f64"), logits, 1e-4, $"{name} packed");
        model.Logits<float>(new MicroBatch(ids, ids.Length), logits);
        AssertWithin(GoldenModel.Doubles(golden.Cases, "packed.logits_plain_causal_f64"), logits, 1e-4, $"{name} plain");

        CapturedGradients captured = new(provider, golden.Parameters, asDouble: false);
        model.BeginGroup();
        model.ForwardBackward(new MicroBatch(ids, ids.Length, labels, documentStarts: starts), 32, isFirst: true, captured);
        AssertRelative(facts.GetProperty("ce_labels_across_documents").GetDouble(), model.ReadLoss().CrossEntropy / 32, 2e-6, $"{name} packed ce");
        foreach (JsonProperty expected in facts.GetProperty("grad_norms_labels_across_documents").EnumerateObject())
        {
            AssertRelative(expected.Value.GetDouble(), Norm(captured.Sums[expected.Name]), 1e-5, $"{name} packed {expected.Name}");
        }
    }

    internal static double Norm(double[] values)
    {
        double squares = 0.0;
        foreach (double v in values)
        {
            squares += v * v;
        }

        return Math.Sqrt(squares);
    }

    internal static void AssertRelative(double expected, double actual, double tolerance, string what) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance * Math.Abs(expected), $"{what}: {actual:R}, expected {expected:R}");

    internal static void AssertWithin(double[] expected, float[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"{what} [{i}]: {actual[i]:R}, expected {expected[i]:R} +- {tolerance:R}");
        }
    }

    private static (string Name, int Batch, int Length) CaseOf(JsonElement facts) =>
        (facts.GetProperty("name").GetString()!, facts.GetProperty("batch").GetInt32(), facts.GetProperty("seq").GetInt32());
}
