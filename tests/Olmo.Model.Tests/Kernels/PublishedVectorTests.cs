using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Kernels;

/// <summary>The small vectors of the model reference (computed in double precision), for every vector width.</summary>
public sealed unsafe class PublishedVectorTests
{
    public static TheoryData<int> Widths => [.. Enum.GetValues<SimdWidth>().Where(Hardware.Runs).Select(w => (int)w)];

    [Theory]
    [MemberData(nameof(Widths))]
    public void RmsNorm_PublishedRow_MatchesForwardAndBackward(int width)
    {
        Pinned<float> x = new([1, 2, 3, 4]), w = new([1, 1, 1, 1]), y = new(4), rstd = new(1), dx = new(4);
        RmsNorm.Forward((SimdWidth)width, x, w, y, rstd, 4, 1e-6f, 0, 1);
        Near([0.3651483473, 0.7302966947, 1.0954450420, 1.4605933893], y);
        Pinned<float> w2 = new([1, .5f, 2, 1]), dy = new([.1f, .2f, .3f, .4f]);
        RmsNorm.BackwardInput((SimdWidth)width, dy, x, w2, rstd, dx, 4, 0, 1);
        Near([-0.0085201221, -0.0535550789, 0.0839841379, -0.0340804884], dx);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void LayerNorm_PublishedRow_MatchesForwardAndBackward(int width)
    {
        Pinned<float> x = new([1, 2, 3, 4]), y = new(4), mean = new(1), rstd = new(1), dx = new(4), dy = new([.1f, .4f, .2f, .3f]);
        LayerNorm.Forward((SimdWidth)width, x, y, mean, rstd, 4, 1e-5f, 0, 1);
        Near([-1.3416354200, -0.4472118067, 0.4472118067, 1.3416354200], y);
        LayerNorm.Backward((SimdWidth)width, dy, x, mean, rstd, dx, 4, 0, 1);
        Near([-0.0804985545, 0.1520518712, -0.0626095098, -0.0089438068], dx);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Rope_PublishedHead_TurnsAndTurnsBack(int width)
    {
        Pinned<float> x = new([1, 2, 3, 4]), y = new(4), cos = new(4), sin = new(4);
        Pinned<int> positions = new([1]);
        float[] frequencies = new float[2];
        RopeTable.Frequencies(1e4, 4, frequencies);
        RopeTable.Fill(cos, sin, frequencies, 1f, 0, 2);
        Rope.Apply((SimdWidth)width, x, y, 4, positions, cos, sin, 1, 4, 0, 1);
        Near([-1.9841106486, 1.9599006675, 2.4623779024, 4.0197996683], y);
        Rope.ApplyInverse((SimdWidth)width, y, y, 4, positions, cos, sin, 1, 4, 0, 1);
        Near([1, 2, 3, 4], y);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void SwiGlu_PublishedElement_MatchesForwardAndBackward(int width)
    {
        Pinned<float> a = new([1.5f]), b = new([-2f]), h = new(1), dh = new([1f]), da = new(1), db = new(1);
        SwiGlu.Forward((SimdWidth)width, a, b, 1, h, 1, 1, 0, 1);
        SwiGlu.Backward((SimdWidth)width, dh, 1, a, b, da, db, 1, 1, 0, 1);
        Near([-2.4527234286], h);
        Near([1.2263617143], db);
        Near([-2.0825883083], da);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void CrossEntropy_PublishedRow_MatchesLossAndGradient(int width)
    {
        Pinned<float> logits = new([1, 2, 3]), ce = new(1), z = new(1), lp = new(1), lse = new(1);
        Pinned<int> labels = new([2]);
        LossRows rows = new()
        {
            Logits = logits,
            RowStride = 3,
            Vocabulary = 3,
            Labels = labels,
            InverseDivisor = 1f,
            ZMultiplier = 1e-4f,
            CrossEntropy = ce,
            ZLoss = z,
            LogProbability = lp,
            LogSumExp = lse,
        };
        SoftmaxCrossEntropy.Forward((SimdWidth)width, rows, 0, 1);
        Near([3.4076059644], lse);
        Near([0.4076059644], ce);
        Near([-0.4076059644], lp);
        Near([1.1611778e-3], z);
        SoftmaxCrossEntropy.ForwardBackward((SimdWidth)width, rows, 0, 1);
        Near([0.0900919309, 0.2448952587, -0.3343056684], logits);
        Near([0.4076059644], ce);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void AdamW_PublishedSteps_Match(int width)
    {
        Pinned<float> p = new([1f]), m = new(1), v = new(1), g = new(1);
        double[] gradients = [0.5, -0.25, 0.1];
        double[] expected = [0.9890000002, 0.98532730579, 0.98112912777];
        double power1 = 1, power2 = 1;
        for (int t = 0; t < 3; t++)
        {
            power1 *= 0.9;
            power2 *= 0.95;
            AdamWStep step = new(
                1f, (float)(1 - 1e-3), 0.1f, 0.95f, 0.05f, (float)(1e-2 / (1 - power1)), (float)(1 / Math.Sqrt(1 - power2)), 1e-8f);
            g.Span[0] = (float)gradients[t];
            AdamW.Update((SimdWidth)width, step, g, p, m, v, 0, 1);
            Near([expected[t]], p);
        }

        Near([0.028], m);
        Near([0.01475], v);
    }

    private static void Near(ReadOnlySpan<double> expected, Pinned<float> actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual.Span[i]) <= 3e-7 * Math.Max(1, Math.Abs(expected[i])), $"[{i}] expected {expected[i]:R}, got {actual.Span[i]:R}");
        }

        actual.AssertGuard();
    }
}
