using Olmo.Model.Compute;
using Olmo.Model.Kernels;

namespace Olmo.Model.Tests.Kernels;

/// <summary>Norms and the loss head: every width gives the bits of the scalar twin, whatever the split.</summary>
public sealed unsafe class RowKernelTests
{
    private const int Rows = 7;

    public static TheoryData<int> Widths => TestData.VectorWidths;

    [Theory]
    [MemberData(nameof(Widths))]
    public void RmsNorm_AnyWidth_SameBitsAsScalar(int width)
    {
        SimdWidth w = (SimdWidth)width;
        foreach (int d in TestData.Lengths)
        {
            foreach (bool special in (bool[])[false, true])
            {
                Pinned<float> x = Values(special, "x", Rows * d), dy = Values(special, "dy", Rows * d), weight = TestData.Normal("weight", d);
                Pinned<float> y = new(Rows * d), rstd = new(Rows), dx = new(Rows * d), dw = TestData.Normal("dw", d);
                Pinned<float> vy = x.Copy(), vrstd = new(Rows), vdx = dy.Copy(), vdw = dw.Copy();
                RmsNorm.ForwardReference(x, weight, y, rstd, d, 1e-6f, 0, Rows);
                RmsNorm.Forward(w, vy, weight, vy, vrstd, d, 1e-6f, 0, 2);
                RmsNorm.Forward(w, vy, weight, vy, vrstd, d, 1e-6f, 2, Rows);
                TestData.SameBits(y, vy, "rmsnorm, in place");
                TestData.SameBits(rstd, vrstd, "rstd");
                Pinned<float> sum = new(Rows * d), vsum = dy.Copy();
                RmsNorm.ForwardReference(x, weight, sum, null, d, 1e-6f, 0, Rows, dy);
                RmsNorm.Forward(w, x, weight, vsum, null, d, 1e-6f, 0, Rows, vsum);
                TestData.SameBits(sum, vsum, "rmsnorm onto a residual, in place");
                RmsNorm.BackwardWeightReference(dy, x, rstd, dw, Rows, d, 0, d);
                RmsNorm.BackwardWeight(w, dy, x, rstd, vdw, Rows, d, 0, d / 2);
                RmsNorm.BackwardWeight(w, dy, x, rstd, vdw, Rows, d, d / 2, d);
                TestData.SameBits(dw, vdw, "dw");
                RmsNorm.BackwardInputReference(dy, x, weight, rstd, dx, d, 0, Rows);
                RmsNorm.BackwardInput(w, vdx, x, weight, rstd, vdx, d, 0, Rows);
                TestData.SameBits(dx, vdx, "dx, in place");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void LayerNorm_AnyWidth_SameBitsAsScalar(int width)
    {
        SimdWidth w = (SimdWidth)width;
        foreach (int d in TestData.Lengths)
        {
            foreach (bool special in (bool[])[false, true])
            {
                Pinned<float> x = Values(special, "x", Rows * d), dy = Values(special, "dy", Rows * d);
                Pinned<float> y = new(Rows * d), mean = new(Rows), rstd = new(Rows), dx = new(Rows * d);
                Pinned<float> vy = x.Copy(), vmean = new(Rows), vrstd = new(Rows), vdx = dy.Copy();
                LayerNorm.ForwardReference(x, y, mean, rstd, d, 1e-5f, 0, Rows);
                LayerNorm.Forward(w, vy, vy, vmean, vrstd, d, 1e-5f, 0, 3);
                LayerNorm.Forward(w, vy, vy, vmean, vrstd, d, 1e-5f, 3, Rows);
                TestData.SameBits(y, vy, "layernorm, in place");
                TestData.SameBits(mean, vmean, "mean");
                TestData.SameBits(rstd, vrstd, "rstd");
                LayerNorm.BackwardReference(dy, x, mean, rstd, dx, d, 0, Rows);
                LayerNorm.Backward(w, vdx, x, mean, rstd, vdx, d, 0, Rows);
                TestData.SameBits(dx, vdx, "dx, in place");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void CrossEntropy_AnyVocabulary_SameBitsAsScalar(int width)
    {
        foreach (int v in TestData.Lengths)
        {
            foreach (bool special in (bool[])[false, true])
            {
                int stride = v + 3;
                Pinned<float> logits = Values(special, "logits", Rows * stride), weights = TestData.Normal("weights", Rows);
                Pinned<int> labels = TestData.Ints("labels", Rows, v);
                labels.Span[3] = LossRows.Ignored;
                Pinned<float>[] expected = Run(SimdWidth.Scalar, logits, stride, v, labels, weights, gradient: true);
                Pinned<float>[] actual = Run((SimdWidth)width, logits, stride, v, labels, weights, gradient: true);
                Pinned<float>[] forward = Run((SimdWidth)width, logits, stride, v, labels, weights, gradient: false);
                for (int i = 0; i < expected.Length; i++)
                {
                    TestData.SameBits(expected[i], actual[i], $"output {i}, V {v}");
                    if (i > 0)
                    {
                        TestData.SameBits(expected[i], forward[i], $"output {i} without gradient, V {v}");
                    }
                }

                TestData.SameBits(logits, forward[0], "logits of a forward pass");
                Assert.All(expected[0].Span.Slice(3 * stride, v).ToArray(), g => Assert.Equal(0f, g));
            }
        }
    }

    private static Pinned<float>[] Run(
        SimdWidth width, Pinned<float> logits, int stride, int vocabulary, Pinned<int> labels, Pinned<float> weights, bool gradient)
    {
        Pinned<float> z = logits.Copy(), ce = new(Rows), zLoss = new(Rows), lp = new(Rows), lse = new(Rows);
        LossRows rows = new()
        {
            Logits = z,
            RowStride = stride,
            Vocabulary = vocabulary,
            Labels = labels,
            Weights = weights,
            InverseDivisor = 0.3f,
            ZMultiplier = 1e-2f,
            CrossEntropy = ce,
            ZLoss = zLoss,
            LogProbability = lp,
            LogSumExp = lse,
        };
        if (gradient)
        {
            SoftmaxCrossEntropy.ForwardBackward(width, rows, 0, 2);
            SoftmaxCrossEntropy.ForwardBackward(width, rows, 2, Rows);
        }
        else
        {
            SoftmaxCrossEntropy.Forward(width, rows, 0, Rows);
        }

        return [z, ce, zLoss, lp, lse];
    }

    private static Pinned<float> Values(bool special, string name, int length) =>
        special ? TestData.WithSpecials(name, length) : TestData.Normal(name, length);
}
