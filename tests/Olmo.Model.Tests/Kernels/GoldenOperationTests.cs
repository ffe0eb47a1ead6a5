using System.Text.Json;
using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Tensors;
using Olmo.Tests;

namespace Olmo.Model.Tests.Kernels;

/// <summary>Single operations against PyTorch and transformers in fp64, at the tolerance that the reference data's page derives from their fp32.</summary>
public sealed unsafe class GoldenOperationTests
{
    private readonly Lazy<GoldenTensors> _tensors = new(() => new GoldenTensors(ReferenceData.PathOf("golden", "models", "ops.safetensors")));
    private readonly Lazy<JsonElement[]> _cases = new(() =>
        [.. JsonDocument.Parse(File.ReadAllBytes(ReferenceData.PathOf("golden", "models", "ops.json"))).RootElement.GetProperty("cases").EnumerateArray()]);

    public static TheoryData<int> Widths => [.. Enum.GetValues<SimdWidth>().Where(SimdWidths.IsSupported).Select(w => (int)w)];

    private GoldenTensors Tensors => _tensors.Value;

    [ReferenceTheory]
    [MemberData(nameof(Widths))]
    public void RmsNorm_ReferenceCases_WithinTolerance(int width)
    {
        SimdWidth w = (SimdWidth)width;
        foreach ((string name, JsonElement c) in Cases("rmsnorm", 10))
        {
            int d = Tensors.Shape(name + ".w")[0];
            Pinned<float> x = Tensors.Floats(name + ".x"), weight = Tensors.Floats(name + ".w"), dy = Tensors.Floats(name + ".dy");
            int rows = x.Length / d;
            Pinned<float> y = new(x.Length), rstd = new(rows), dx = new(x.Length), dw = new(d);
            RmsNorm.Forward(w, x, weight, y, rstd, d, (float)c.GetProperty("eps").GetDouble(), 0, rows);
            RmsNorm.BackwardInput(w, dy, x, weight, rstd, dx, d, 0, rows);
            RmsNorm.BackwardWeight(w, dy, x, rstd, dw, rows, d, 0, d);

            // x^2 overflows fp32 there: the reference and we give zeros, fp64 does not.
            string truth = name == "rms_overflow1e20" ? "f32" : "f64";
            Compare(name, c, "y", y, truth);
            Compare(name, c, "dx", dx, truth);
            Compare(name, c, "dw", dw, truth);
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(Widths))]
    public void LayerNorm_ReferenceCases_WithinTolerance(int width)
    {
        SimdWidth w = (SimdWidth)width;
        foreach ((string name, JsonElement c) in Cases("layernorm", 8))
        {
            int d = Tensors.Shape(name + ".x")[^1];
            Pinned<float> x = Tensors.Floats(name + ".x"), dy = Tensors.Floats(name + ".dy");
            int rows = x.Length / d;
            Pinned<float> y = new(x.Length), mean = new(rows), rstd = new(rows), dx = new(x.Length);
            LayerNorm.Forward(w, x, y, mean, rstd, d, (float)c.GetProperty("eps").GetDouble(), 0, rows);
            LayerNorm.Backward(w, dy, x, mean, rstd, dx, d, 0, rows);
            Compare(name, c, "y", y);
            Compare(name, c, "dx", dx);
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(Widths))]
    public void Norms_BFloat16Cases_AreTheReferencesBitsAfterOneRounding(int width)
    {
        SimdWidth w = (SimdWidth)width;
        foreach (string name in (string[])["rms_bf16", "ln_bf16"])
        {
            ushort[] expected = Tensors.BFloat16s(name + ".y");
            int rows = Tensors.Shape(name + ".x")[0], d = Tensors.Shape(name + ".x")[1];
            float epsilon = (float)_cases.Value.Single(c => c.GetProperty("name").GetString() == name).GetProperty("eps").GetDouble();
            Pinned<float> x = Widened(name + ".x"), y = new(x.Length);
            Pinned<ushort> actual = new(x.Length);
            if (name == "rms_bf16")
            {
                RmsNorm.Forward(w, x, Widened(name + ".w"), y, null, d, epsilon, 0, rows);
            }
            else
            {
                LayerNorm.Forward(w, x, y, null, null, d, epsilon, 0, rows);
            }

            Rounding.ToBFloat16(w, y, null, actual, 0, y.Length);
            Assert.Equal(expected, actual.Span.ToArray());
        }

        Pinned<float> Widened(string name) => new([.. Tensors.BFloat16s(name).Select(p => BitConverter.UInt32BitsToSingle((uint)p << 16))]);
    }

    [ReferenceTheory]
    [MemberData(nameof(Widths))]
    public void ElementwiseAndEmbedding_ReferenceCases_WithinTolerance(int width)
    {
        SimdWidth w = (SimdWidth)width;
        foreach ((string name, JsonElement c) in Cases("swiglu", 2))
        {
            Pinned<float> a = Tensors.Floats(name + ".a"), b = Tensors.Floats(name + ".b"), dy = Tensors.Floats(name + ".dy");
            int n = a.Length;
            Pinned<float> y = new(n), da = new(n), db = new(n);
            SwiGlu.Forward(w, a, b, n, y, n, n, 0, 1);
            SwiGlu.Backward(w, dy, n, a, b, da, db, n, n, 0, 1);
            Compare(name, c, "y", y);
            Compare(name, c, "da", da);
            Compare(name, c, "db", db);
        }

        foreach ((string name, JsonElement c) in Cases("clamp", 1))
        {
            Pinned<float> x = Tensors.Floats(name + ".x"), dy = Tensors.Floats(name + ".dy"), y = new(x.Length), dx = new(x.Length);
            Clamp.Forward(w, x, y, (float)c.GetProperty("c").GetDouble(), 0, x.Length);
            Clamp.Backward(w, dy, x, dx, (float)c.GetProperty("c").GetDouble(), 0, x.Length);
            Compare(name, c, "y", y);
            Compare(name, c, "dx", dx);
        }

        // The case with a padding index is transformers' own: OLMo-core has none, and neither have we.
        foreach ((string name, JsonElement c) in Cases("embedding", 2).Where(c => c.Name == "embedding"))
        {
            Pinned<float> table = Tensors.Floats(name + ".w"), dy = Tensors.Floats(name + ".dy");
            Pinned<int> ids = Tensors.Ints(name + ".ids");
            int d = Tensors.Shape(name + ".w")[1];
            Pinned<float> y = new(dy.Length), dw = new(table.Length);
            Embedding.Forward(table, ids, y, d, 0, ids.Length);
            Embedding.Backward(w, ids, dy, dw, ids.Length, d, 0, d);
            Compare(name, c, "y", y);
            Compare(name, c, "dw", dw);
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(Widths))]
    public void CrossEntropy_ReferenceCases_WithinTolerance(int width)
    {
        foreach ((string name, JsonElement c) in Cases("cross_entropy_and_z", 4))
        {
            int v = Tensors.Shape(name + ".logits")[1];
            Pinned<float> logits = Tensors.Floats(name + ".logits"), upstream = Tensors.Floats(name + ".dy");
            Pinned<int> labels = Tensors.Ints(name + ".labels");
            int n = labels.Span.ToArray().Count(l => l != LossRows.Ignored);
            float lambda = (float)c.GetProperty("lambda_z").GetDouble();
            Pinned<float> ce = new(labels.Length), z = new(labels.Length), weights = new(labels.Length);

            // Two upstream factors: the weight carries that of the cross-entropy, the multiplier the ratio.
            weights.Span.Fill(upstream.Span[0]);
            LossRows rows = new()
            {
                Logits = logits,
                RowStride = v,
                Vocabulary = v,
                Labels = labels,
                Weights = weights,
                InverseDivisor = 1f / n,
                ZMultiplier = lambda * upstream.Span[1] / upstream.Span[0],
                CrossEntropy = ce,
                ZLoss = z,
            };
            SoftmaxCrossEntropy.ForwardBackward((SimdWidth)width, rows, 0, labels.Length);
            Pinned<float> y = new([Mean(ce, n) / upstream.Span[0], Mean(z, n) / upstream.Span[1]]);
            Compare(name, c, "y", y);
            Compare(name, c, "dlogits", logits);
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(Widths))]
    public void Rope_ReferenceCases_WithinTolerance(int width)
    {
        foreach ((string name, JsonElement c) in Cases("rope", 2))
        {
            int[] shape = Tensors.Shape(name + ".x");
            int heads = shape[1], count = shape[2], e = shape[3];
            Pinned<int> positions = Tensors.Ints(name + ".positions");
            int length = positions.Span.ToArray().Max() + 1;
            float[] frequencies = new float[e / 2];
            RopeTable.Frequencies(c.GetProperty("theta").GetDouble(), e, frequencies);
            Pinned<float> cos = new(length * e / 2), sin = new(length * e / 2);
            RopeTable.Fill(cos, sin, frequencies, 1f, 0, length);
            Pinned<float> x = Rows(name + ".x", heads, count, e), dy = Rows(name + ".dy", heads, count, e);
            Rope.Apply((SimdWidth)width, x, x, heads * e, positions, cos, sin, heads, e, 0, count);
            Rope.ApplyInverse((SimdWidth)width, dy, dy, heads * e, positions, cos, sin, heads, e, 0, count);
            Compare(name, c, "y", Heads(x, heads, count, e));
            Compare(name, c, "dx", Heads(dy, heads, count, e));
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(Widths))]
    public void Attention_ReferenceCases_WithinTolerance(int width)
    {
        SimdWidth w = (SimdWidth)width;
        foreach ((string name, JsonElement c) in Cases("attention", 4))
        {
            int[] q = Tensors.Shape(name + ".q");
            int batch = q[0], heads = q[1], rows = q[2], e = q[3], keyHeads = Tensors.Shape(name + ".k")[1];
            AttentionShape shape = new(heads, keyHeads, e, c.GetProperty("window").ValueKind == JsonValueKind.Number ? c.GetProperty("window").GetInt32() : 0, 1f / MathF.Sqrt(e));
            Pinned<int>? first = Tensors.Has(name + ".doc") ? FirstKeys(Tensors.Ints(name + ".doc")) : null;
            Pinned<float> upstream = Tensors.Floats(name + ".dy");
            float[] y = new float[upstream.Length], dq = new float[batch * heads * rows * e], dk = new float[batch * keyHeads * rows * e], dv = new float[dk.Length];
            Pinned<float> workspace = new((int)Math.Max(shape.ForwardWorkspace, shape.BackwardWorkspace)), lse = new(rows * heads);
            for (int b = 0; b < batch; b++)
            {
                Pinned<float> query = Rows(name + ".q", heads, rows, e, b), key = Rows(name + ".k", keyHeads, rows, e, b), value = Rows(name + ".v", keyHeads, rows, e, b);
                AttentionInputs inputs = new()
                {
                    Query = query,
                    Key = key,
                    Value = value,
                    QueryStride = heads * e,
                    KeyStride = keyHeads * e,
                    ValueStride = keyHeads * e,
                    FirstKeys = first is null ? null : first.Pointer,
                };
                Pinned<float> output = new(query.Length), gq = new(query.Length), gk = new(key.Length), gv = new(key.Length);
                Attention.Forward(w, shape, inputs, output, heads * e, lse, workspace, 0, heads, 0, rows);
                Attention.Backward(
                    w, shape, inputs, output, upstream.Pointer + (b * rows * heads * e), heads * e, lse, gq, gk, gv, workspace, rows, 0, keyHeads);
                output.Span.CopyTo(y.AsSpan(b * output.Length));
                Heads(gq, heads, rows, e).Span.CopyTo(dq.AsSpan(b * gq.Length));
                Heads(gk, keyHeads, rows, e).Span.CopyTo(dk.AsSpan(b * gk.Length));
                Heads(gv, keyHeads, rows, e).Span.CopyTo(dv.AsSpan(b * gv.Length));
            }

            Compare(name, c, "y", new Pinned<float>(y));
            Compare(name, c, "dq", new Pinned<float>(dq));
            Compare(name, c, "dk", new Pinned<float>(dk));
            Compare(name, c, "dv", new Pinned<float>(dv));
        }
    }

    [ReferenceTheory]
    [MemberData(nameof(Widths))]
    public void AdamW_ReferenceCases_WithinTolerance(int width)
    {
        foreach ((string name, JsonElement c) in Cases("adamw", 3))
        {
            Pinned<float> p = Tensors.Floats(name + ".p0"), gradients = Tensors.Floats(name + ".grads");
            int n = p.Length;
            Pinned<float> m = new(n), v = new(n);
            double lr = c.GetProperty("lr").GetDouble(), decay = c.GetProperty("weight_decay").GetDouble(), power1 = 1, power2 = 1;
            double beta1 = c.GetProperty("betas")[0].GetDouble(), beta2 = c.GetProperty("betas")[1].GetDouble();
            for (int t = 0; t < c.GetProperty("steps").GetInt32(); t++)
            {
                power1 *= beta1;
                power2 *= beta2;
                AdamWStep step = new(
                    1f, (float)(1 - (lr * decay)), (float)(1 - beta1), (float)beta2, (float)(1 - beta2), (float)(lr / (1 - power1)),
                    (float)(1 / Math.Sqrt(1 - power2)), (float)c.GetProperty("eps").GetDouble());
                AdamW.Update((SimdWidth)width, step, gradients.Pointer + (t * n), p, m, v, 0, n);
                Near(name, "p", Tensors.Doubles(name + ".p_f64").AsSpan(t * n, n), p, 7e-7);
                Near(name, "m", Tensors.Doubles(name + ".m_f64").AsSpan(t * n, n), m, 5e-7);
                Near(name, "v", Tensors.Doubles(name + ".v_f64").AsSpan(t * n, n), v, 5e-7);
            }
        }
    }

    private IEnumerable<(string Name, JsonElement Case)> Cases(string operation, int atLeast)
    {
        (string Name, JsonElement Case)[] found = [.. _cases.Value
            .Where(c => c.GetProperty("op").GetString() == operation && !c.GetProperty("name").GetString()!.EndsWith("f16", StringComparison.Ordinal))
            .Select(c => (c.GetProperty("name").GetString()!, c))];
        Assert.True(found.Length >= atLeast, $"Only {found.Length} cases of {operation}.");
        return found;
    }

    private void Compare(string name, JsonElement c, string output, Pinned<float> actual, string truth = "f64")
    {
        JsonElement difference = c.GetProperty("difference_f32_f64").GetProperty(output);
        double scale = difference.GetProperty("scale").GetDouble();
        double tolerance = Math.Max(4 * difference.GetProperty("max_abs").GetDouble(), 5e-7 * scale);
        Near(name, output, Tensors.Doubles($"{name}.{output}_{truth}"), actual, truth == "f64" ? tolerance : 0);
    }

    private static void Near(string name, string output, ReadOnlySpan<double> expected, Pinned<float> actual, double tolerance)
    {
        actual.AssertGuard();
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual.Span[i]) <= tolerance,
                $"{name}.{output}[{i}] is {actual.Span[i]:R}, the reference {expected[i]:R}, tolerance {tolerance:R}.");
        }
    }

    private static float Mean(Pinned<float> values, int count)
    {
        double sum = 0;
        foreach (float v in values.Span)
        {
            sum += v;
        }

        return (float)(sum / count);
    }

    private static Pinned<int> FirstKeys(Pinned<int> documents)
    {
        Pinned<int> first = new(documents.Length);
        for (int i = 1; i < first.Length; i++)
        {
            first.Span[i] = documents.Span[i] == documents.Span[i - 1] ? first.Span[i - 1] : i;
        }

        return first;
    }

    /// <summary>[batch, heads, rows, e] to our [rows, heads, e].</summary>
    private Pinned<float> Rows(string name, int heads, int rows, int e, int batch = 0)
    {
        Pinned<float> source = Tensors.Floats(name), target = new(heads * rows * e);
        for (int h = 0; h < heads; h++)
        {
            for (int r = 0; r < rows; r++)
            {
                source.Span.Slice((((((batch * heads) + h) * rows) + r) * e), e).CopyTo(target.Span[(((r * heads) + h) * e)..]);
            }
        }

        return target;
    }

    /// <summary>Our [rows, heads, e] to [heads, rows, e].</summary>
    private static Pinned<float> Heads(Pinned<float> source, int heads, int rows, int e)
    {
        Pinned<float> target = new(source.Length);
        for (int h = 0; h < heads; h++)
        {
            for (int r = 0; r < rows; r++)
            {
                source.Span.Slice(((r * heads) + h) * e, e).CopyTo(target.Span[(((h * rows) + r) * e)..]);
            }
        }

        return target;
    }
}
