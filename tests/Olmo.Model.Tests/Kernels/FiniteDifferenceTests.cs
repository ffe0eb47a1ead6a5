#pragma warning disable RS0030 // the fp64 formulas that the kernels are checked against
using Olmo.Model.Compute;
using Olmo.Model.Kernels;

namespace Olmo.Model.Tests.Kernels;

/// <summary>
/// Backward kernels against central differences of the forward formulas, which are written here in fp64. The scalar objective is sum of
/// upstream * output; the fp32 gradient must agree to fp32 accuracy.
/// </summary>
public sealed unsafe class FiniteDifferenceTests
{
    private const SimdWidth Width = SimdWidth.Scalar;

    [Fact]
    public void RmsNorm_InputAndWeight_MatchDifferences()
    {
        const int Rows = 3, D = 21;
        Pinned<float> x = TestData.Normal("x", Rows * D), w = TestData.Normal("w", D), dy = TestData.Normal("dy", Rows * D);
        Pinned<float> y = new(Rows * D), rstd = new(Rows), dx = new(Rows * D), dw = new(D);
        RmsNorm.Forward(Width, x, w, y, rstd, D, 1e-2f, 0, Rows);
        RmsNorm.BackwardInput(Width, dy, x, w, rstd, dx, D, 0, Rows);
        RmsNorm.BackwardWeight(Width, dy, x, rstd, dw, Rows, D, 0, D);
        double Objective(double[] a, double[] weight)
        {
            double sum = 0;
            for (int t = 0; t < Rows; t++)
            {
                double squares = 0;
                for (int c = 0; c < D; c++)
                {
                    squares += a[(t * D) + c] * a[(t * D) + c];
                }

                double r = 1 / Math.Sqrt((squares / D) + 1e-2f);
                for (int c = 0; c < D; c++)
                {
                    sum += dy.Span[(t * D) + c] * weight[c] * a[(t * D) + c] * r;
                }
            }

            return sum;
        }

        double[] wide = Widen(x), wideWeight = Widen(w);
        Check("dx", dx, wide, v => Objective(v, wideWeight));
        Check("dw", dw, wideWeight, v => Objective(wide, v));
    }

    [Fact]
    public void LayerNorm_Input_MatchesDifferences()
    {
        const int Rows = 3, D = 19;
        Pinned<float> x = TestData.Normal("x", Rows * D), dy = TestData.Normal("dy", Rows * D);
        Pinned<float> y = new(Rows * D), mean = new(Rows), rstd = new(Rows), dx = new(Rows * D);
        LayerNorm.Forward(Width, x, y, mean, rstd, D, 1e-2f, 0, Rows);
        LayerNorm.Backward(Width, dy, x, mean, rstd, dx, D, 0, Rows);
        Check("dx", dx, Widen(x), a =>
        {
            double sum = 0;
            for (int t = 0; t < Rows; t++)
            {
                double m = 0, variance = 0;
                for (int c = 0; c < D; c++)
                {
                    m += a[(t * D) + c] / D;
                }

                for (int c = 0; c < D; c++)
                {
                    variance += (a[(t * D) + c] - m) * (a[(t * D) + c] - m) / D;
                }

                for (int c = 0; c < D; c++)
                {
                    sum += dy.Span[(t * D) + c] * (a[(t * D) + c] - m) / Math.Sqrt(variance + 1e-2f);
                }
            }

            return sum;
        });
    }

    [Fact]
    public void SwiGluRopeAndClamp_Inputs_MatchDifferences()
    {
        const int N = 24;
        Pinned<float> a = TestData.Normal("a", N, 2), b = TestData.Normal("b", N), dy = TestData.Normal("dy", N), da = new(N), db = new(N), dx = new(N);
        SwiGlu.Backward(Width, dy, N, a, b, da, db, N, N, 0, 1);
        double SwiGluOf(double[] gate, double[] up) => Dot(dy, i => gate[i] / (1 + Math.Exp(-gate[i])) * up[i]);
        Check("da", da, Widen(a), v => SwiGluOf(v, Widen(b)));
        Check("db", db, Widen(b), v => SwiGluOf(Widen(a), v));

        const int E = 12;
        float[] frequencies = new float[E / 2];
        RopeTable.Frequencies(100, E, frequencies);
        Pinned<float> cos = new(10 * E / 2), sin = new(10 * E / 2);
        RopeTable.Fill(cos, sin, frequencies, 1f, 0, 10);
        Pinned<int> positions = new([7]);
        Rope.ApplyInverse(Width, dy, dx, N, positions, cos, sin, 2, E, 0, 1);
        Check("rope", dx, Widen(a), v => Dot(dy, i =>
        {
            int c = i % E, head = i - c, pair = c % (E / 2);
            double angle = 7 * Math.Pow(100, -2.0 * pair / E);
            return c < E / 2
                ? (v[i] * Math.Cos(angle)) - (v[head + pair + (E / 2)] * Math.Sin(angle))
                : (v[i] * Math.Cos(angle)) + (v[head + pair] * Math.Sin(angle));
        }));

        Clamp.Backward(Width, dy, a, dx, 1.25f, 0, N);
        Check("clamp", dx, Widen(a), v => Dot(dy, i => Math.Clamp(v[i], -1.25, 1.25)));
    }

    [Fact]
    public void CrossEntropy_Logits_MatchDifferences()
    {
        const int Rows = 4, V = 23;
        const double N = 3, Lambda = 0.05;
        Pinned<float> logits = TestData.Normal("z", Rows * V, 2), weights = new([1f, 0.5f, 2f, 1f]), gradient = logits.Copy();
        Pinned<int> labels = new([3, 22, LossRows.Ignored, 0]);
        LossRows rows = new()
        {
            Logits = gradient,
            RowStride = V,
            Vocabulary = V,
            Labels = labels,
            Weights = weights,
            InverseDivisor = (float)(1 / N),
            ZMultiplier = (float)Lambda,
        };
        SoftmaxCrossEntropy.ForwardBackward(Width, rows, 0, Rows);
        Check("logits", gradient, Widen(logits), z =>
        {
            double sum = 0;
            for (int t = 0; t < Rows; t++)
            {
                if (labels.Span[t] == LossRows.Ignored)
                {
                    continue;
                }

                double exponentials = 0;
                for (int j = 0; j < V; j++)
                {
                    exponentials += Math.Exp(z[(t * V) + j]);
                }

                double lse = Math.Log(exponentials);
                sum += weights.Span[t] / N * (lse - z[(t * V) + labels.Span[t]] + (Lambda * lse * lse));
            }

            return sum;
        });
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(5, false)]
    [InlineData(0, true)]
    public void Attention_Inputs_MatchDifferences(int window, bool documents)
    {
        AttentionCase c = new(13, 4, 2, 6, window, documents ? [4, 6, 3] : null);
        (Pinned<float> output, Pinned<float> lse) = c.Forward(Width);
        Pinned<float>[] gradients = c.Backward(Width, output, lse);
        double[] q = Widen(c.Query), k = Widen(c.Key), v = Widen(c.Value);
        Check("dq", Filled(gradients[0], c.QueryStride, c.Shape.QueryHeads * 6), q, x => AttentionObjective(c, x, k, v));
        Check("dk", Filled(gradients[1], c.KeyStride, c.Shape.KeyHeads * 6), k, x => AttentionObjective(c, q, x, v));
        Check("dv", Filled(gradients[2], c.ValueStride, c.Shape.KeyHeads * 6), v, x => AttentionObjective(c, q, k, x));
    }

    private static double AttentionObjective(AttentionCase c, double[] q, double[] k, double[] v)
    {
        int e = c.Shape.HeadWidth;
        double sum = 0;
        double[] p = new double[c.Rows];
        for (int i = 0; i < c.Rows; i++)
        {
            int first = Math.Max(c.First is null ? 0 : c.First.Span[i], c.Shape.Window > 0 ? i - (int)c.Shape.Window + 1 : 0);
            for (int h = 0; h < c.Shape.QueryHeads; h++)
            {
                int g = h / (c.Shape.QueryHeads / c.Shape.KeyHeads);
                double total = 0;
                for (int j = first; j <= i; j++)
                {
                    double s = 0;
                    for (int n = 0; n < e; n++)
                    {
                        s += q[(i * c.QueryStride) + (h * e) + n] * k[(j * c.KeyStride) + (g * e) + n];
                    }

                    p[j] = Math.Exp(s * c.Shape.Scale);
                    total += p[j];
                }

                for (int j = first; j <= i; j++)
                {
                    for (int n = 0; n < e; n++)
                    {
                        sum += c.Upstream.Span[(i * c.OutputStride) + (h * e) + n] * p[j] / total * v[(j * c.ValueStride) + (g * e) + n];
                    }
                }
            }
        }

        return sum;
    }

    /// <summary>The gaps between strided rows have no gradient: the case fills them with NaN and the kernel must leave them alone.</summary>
    private static Pinned<float> Filled(Pinned<float> gradient, int stride, int used)
    {
        for (int i = 0; i < gradient.Length; i++)
        {
            if (i % stride >= used)
            {
                Assert.True(float.IsNaN(gradient.Span[i]), "A kernel wrote between rows.");
                gradient.Span[i] = 0;
            }
        }

        return gradient;
    }

    private static void Check(string what, Pinned<float> gradient, double[] x, Func<double[], double> objective)
    {
        const double Step = 1e-5;
        double scale = gradient.Span.ToArray().Max(g => Math.Abs((double)g));
        Assert.True(scale > 0.01, $"{what}: the gradient vanishes.");
        for (int i = 0; i < x.Length; i++)
        {
            double kept = x[i];
            x[i] = kept + Step;
            double up = objective(x);
            x[i] = kept - Step;
            double difference = (up - objective(x)) / (2 * Step);
            x[i] = kept;
            Assert.True(Math.Abs(difference - gradient.Span[i]) <= 3e-6 * (1 + scale), $"{what}[{i}] is {gradient.Span[i]:R}, differences give {difference:R}.");
        }
    }

    private static double Dot(Pinned<float> upstream, Func<int, double> value)
    {
        double sum = 0;
        for (int i = 0; i < upstream.Length; i++)
        {
            sum += upstream.Span[i] * value(i);
        }

        return sum;
    }

    private static double[] Widen(Pinned<float> x) => [.. x.Span.ToArray().Select(v => (double)v)];
}
