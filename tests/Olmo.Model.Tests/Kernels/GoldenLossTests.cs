using System.Text.Json;
using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Tests;

namespace Olmo.Model.Tests.Kernels;

/// <summary>Loss rows against OLMo-core's cross_entropy_loss, and RoPE tables against transformers'.</summary>
public sealed unsafe class GoldenLossTests
{
    public static TheoryData<int> Widths => GoldenOperationTests.Widths;

    [ReferenceTheory]
    [MemberData(nameof(Widths))]
    public void CrossEntropy_OlmoCoreCases_WithinTolerance(int width)
    {
        GoldenTensors tensors = new(ReferenceData.PathOf("golden", "training", "loss.safetensors"));
        int compared = 0;
        foreach (string line in File.ReadLines(ReferenceData.PathOf("golden", "training", "loss.jsonl")))
        {
            JsonElement c = JsonDocument.Parse(line).RootElement;
            string name = c.GetProperty("name").GetString()!;
            foreach (JsonElement result in c.GetProperty("results").EnumerateArray())
            {
                if (result.GetProperty("dtype").GetString() != "float32")
                {
                    continue;
                }

                string reduction = result.GetProperty("reduction").GetString()!, key = result.GetProperty("key").GetString()!;
                JsonElement multiplier = result.GetProperty("z_loss_multiplier");
                Pinned<float> logits = tensors.Floats(name + ".logits");
                Pinned<int> labels = tensors.Ints(name + ".labels");
                int rows = labels.Length, v = logits.Length / rows, valid = labels.Span.ToArray().Count(l => l != LossRows.Ignored);
                Pinned<float> ce = new(rows), z = new(rows);
                LossRows block = new()
                {
                    Logits = logits,
                    RowStride = v,
                    Vocabulary = v,
                    Labels = labels,
                    InverseDivisor = reduction == "mean" ? 1f / Math.Max(valid, 1) : 1f,
                    ZMultiplier = multiplier.ValueKind == JsonValueKind.Null ? 0f : (float)multiplier.GetDouble(),
                    CrossEntropy = ce,
                    ZLoss = z,
                };
                SoftmaxCrossEntropy.ForwardBackward((SimdWidth)width, block, 0, rows);
                compared++;
                if (reduction == "none")
                {
                    double[] expectedCe = tensors.Doubles(key + ".ce"), expectedZ = tensors.Has(key + ".z") ? tensors.Doubles(key + ".z") : new double[rows];
                    for (int r = 0; r < rows; r++)
                    {
                        // OLMo-core does not mask the z-loss of ignored rows here; we do.
                        bool ignored = labels.Span[r] == LossRows.Ignored;
                        Close(expectedCe[r], ce.Span[r], 6e-7, $"{key} ce {r}");
                        Close(ignored ? 0 : expectedZ[r], z.Span[r], 6e-7, $"{key} z {r}");
                    }

                    continue;
                }

                if (valid == 0)
                {
                    Assert.All(logits.Span.ToArray(), g => Assert.Equal(0f, g));
                    continue;
                }

                Close(result.GetProperty("ce_fp64").GetDouble(), Total(ce) * block.InverseDivisor, 6e-7, key + " ce");
                if (multiplier.ValueKind != JsonValueKind.Null)
                {
                    Close(result.GetProperty("z_fp64").GetDouble(), Total(z) * block.InverseDivisor, 6e-7, key + " z");
                }

                if (tensors.Has(key + ".grad"))
                {
                    // Beside the page's tolerance half an ulp of gradients above 1, which it has none of but with a z-loss multiplier of 0.5.
                    double[] expected = tensors.Doubles(key + ".grad");
                    double tolerance = 1e-7 + (4 * result.GetProperty("grad_max_abs_diff_fp64").GetDouble()) + (6e-8 * expected.Max(Math.Abs));
                    for (int i = 0; i < expected.Length; i++)
                    {
                        Assert.True(Math.Abs(expected[i] - logits.Span[i]) <= tolerance, $"{key} gradient {i}: {logits.Span[i]:R}, reference {expected[i]:R}");
                    }
                }
            }
        }

        Assert.True(compared >= 80, $"Only {compared} cases.");
    }

    [ReferenceFact]
    public void RopeTable_TransformersTables_WithinTolerance()
    {
        GoldenTensors tensors = new(ReferenceData.PathOf("golden", "models", "rope.safetensors"));
        JsonElement root = JsonDocument.Parse(File.ReadAllBytes(ReferenceData.PathOf("golden", "models", "rope.json"))).RootElement;
        int compared = 0;
        foreach (JsonElement c in root.GetProperty("cases").EnumerateArray())
        {
            string name = c.GetProperty("name").GetString()!;
            int e = c.GetProperty("head_dim").GetInt32();
            double theta = c.GetProperty("theta").GetDouble();
            float[] frequencies = new float[e / 2];
            float magnitude = 1f;
            if (c.TryGetProperty("yarn", out JsonElement yarn))
            {
                magnitude = RopeTable.YarnFrequencies(
                    theta, e, yarn.GetProperty("factor").GetDouble(), yarn.GetProperty("beta_fast").GetDouble(), yarn.GetProperty("beta_slow").GetDouble(),
                    yarn.GetProperty("original_max_position_embeddings").GetInt32(), frequencies);
            }
            else
            {
                RopeTable.Frequencies(theta, e, frequencies);
            }

            double[] exact = tensors.Doubles(name + ".inv_freq_f64");
            for (int i = 0; i < exact.Length; i++)
            {
                Close(exact[i], frequencies[i], 1.3e-7, $"{name} frequency {i}");
            }

            int[] positions = [.. c.GetProperty("positions").EnumerateArray().Select(p => p.GetInt32())];
            Pinned<float> cos = new((positions[^1] + 1) * e / 2), sin = new(cos.Length);
            RopeTable.Fill(cos, sin, frequencies, magnitude, 0, positions[^1] + 1);
            double[] expectedCos = tensors.Doubles(name + ".cos_f64"), expectedSin = tensors.Doubles(name + ".sin_f64");
            for (int p = 0; p < positions.Length; p++)
            {
                // The angle is one fp32 product, as in the reference: half an ulp of it shows, and the ulp of the frequency times the position.
                double tolerance = 2e-7 + (positions[p] * 1.2e-7 * magnitude);
                for (int i = 0; i < e / 2; i++)
                {
                    int at = (positions[p] * e / 2) + i;
                    Assert.True(Math.Abs(expectedCos[(p * e / 2) + i] - cos.Span[at]) <= tolerance, $"{name} cos at {positions[p]}, {i}");
                    Assert.True(Math.Abs(expectedSin[(p * e / 2) + i] - sin.Span[at]) <= tolerance, $"{name} sin at {positions[p]}, {i}");
                    compared++;
                }
            }
        }

        Assert.True(compared >= 800, $"Only {compared} angles.");
    }

    private static double Total(Pinned<float> values)
    {
        double sum = 0;
        foreach (float v in values.Span)
        {
            sum += v;
        }

        return sum;
    }

    private static void Close(double expected, double actual, double relative, string what) =>
        Assert.True(Math.Abs(expected - actual) <= (relative * Math.Abs(expected)) + 1e-12, $"{what}: {actual:R}, reference {expected:R}");
}
