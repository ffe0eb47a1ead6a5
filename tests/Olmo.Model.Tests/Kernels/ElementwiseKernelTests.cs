using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Kernels;

/// <summary>Element-by-element kernels: every width gives the bits of the scalar twin, in place, over ranges and for special values.</summary>
public sealed unsafe class ElementwiseKernelTests
{
    public static TheoryData<int> Widths => TestData.VectorWidths;

    [Theory]
    [MemberData(nameof(Widths))]
    public void Add_AnyLength_SameBitsAsScalar(int width)
    {
        foreach (int n in TestData.Lengths)
        {
            Pinned<float> a = TestData.WithSpecials("a", n), b = TestData.WithSpecials("b", n), expected = new(n);
            Residual.AddReference(a, b, expected, 0, n);
            Pinned<float> whole = new(n);
            Residual.Add((SimdWidth)width, a, b, whole, 0, n);
            TestData.SameBits(expected, whole, "add");
            Pinned<float> inPlace = a.Copy();
            Residual.Add((SimdWidth)width, inPlace, b, inPlace, 0, n / 3);
            Residual.Add((SimdWidth)width, inPlace, b, inPlace, n / 3, n);
            TestData.SameBits(expected, inPlace, "add in place, split");
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Clamp_AnyLength_SameBitsAsScalar(int width)
    {
        foreach (int n in TestData.Lengths)
        {
            Pinned<float> x = TestData.WithSpecials("x", n), dy = TestData.WithSpecials("dy", n), y = new(n), dx = new(n);
            Clamp.ForwardReference(x, y, 1.5f, 0, n);
            Clamp.BackwardReference(dy, x, dx, 1.5f, 0, n);
            Pinned<float> vy = x.Copy(), vdx = dy.Copy();
            Clamp.Forward((SimdWidth)width, vy, vy, 1.5f, 0, n);
            Clamp.Backward((SimdWidth)width, vdx, x, vdx, 1.5f, 0, n);
            TestData.SameBits(y, vy, "clamp");
            TestData.SameBits(dx, vdx, "clamp backward");
        }
    }

    [Fact]
    public void Clamp_NotANumber_Stays()
    {
        Pinned<float> x = new([float.NaN, 9f, -9f, 8f, -8f]), y = new(5), dx = new(5), dy = new([1f, 1f, 1f, 1f, 1f]);
        Clamp.Forward(SimdWidth.Scalar, x, y, 8f, 0, 5);
        Clamp.Backward(SimdWidth.Scalar, dy, x, dx, 8f, 0, 5);
        Assert.Equal([float.NaN, 8f, -8f, 8f, -8f], y.Span.ToArray());
        Assert.Equal([0f, 0f, 0f, 1f, 1f], dx.Span.ToArray());
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void SwiGlu_AnyLength_SameBitsAsScalar(int width)
    {
        foreach (int n in TestData.Lengths)
        {
            const int Rows = 3;
            int stride = (2 * n) + 1;
            Pinned<float> fused = TestData.WithSpecials("fused", (Rows * stride) + n), dh = TestData.WithSpecials("dh", Rows * n);
            Pinned<float> h = new(Rows * n), vh = new(Rows * n), gradient = new(fused.Length), vgradient = new(fused.Length);
            SwiGlu.ForwardReference(fused, fused.Pointer + n, stride, h, n, n, 0, Rows);
            SwiGlu.Forward((SimdWidth)width, fused, fused.Pointer + n, stride, vh, n, n, 0, 1);
            SwiGlu.Forward((SimdWidth)width, fused, fused.Pointer + n, stride, vh, n, n, 1, Rows);
            TestData.SameBits(h, vh, "swiglu");
            fused.Span.CopyTo(gradient.Span);
            fused.Span.CopyTo(vgradient.Span);
            SwiGlu.BackwardReference(dh, n, fused, fused.Pointer + n, gradient, gradient.Pointer + n, stride, n, 0, Rows);
            SwiGlu.Backward((SimdWidth)width, dh, n, vgradient, vgradient.Pointer + n, vgradient, vgradient.Pointer + n, stride, n, 0, Rows);
            TestData.SameBits(gradient, vgradient, "swiglu backward, in place");
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Rope_AnyHeadWidth_SameBitsAsScalar(int width)
    {
        foreach (int e in (int[])[2, 6, 16, 24, 30, 32, 34, 64, 80, 128])
        {
            const int Rows = 5, Heads = 3;
            int stride = (Heads * e) + 7;
            float[] frequencies = new float[e / 2];
            RopeTable.Frequencies(10000, e, frequencies);
            Pinned<float> cos = new(40 * e / 2), sin = new(40 * e / 2), x = TestData.WithSpecials("x", Rows * stride), y = x.Copy(), v = x.Copy();
            RopeTable.Fill(cos, sin, frequencies, 1f, 0, 40);
            Pinned<int> positions = TestData.Ints("positions", Rows, 40);
            Rope.RotateReference(x, y, stride, positions, cos, sin, 1f, Heads, e, 0, Rows);
            Rope.Apply((SimdWidth)width, v, v, stride, positions, cos, sin, Heads, e, 0, Rows);
            TestData.SameBits(y, v, "rope");
            Rope.RotateReference(x, y, stride, positions, cos, sin, -1f, Heads, e, 0, Rows);
            x.Span.CopyTo(v.Span);
            Rope.ApplyInverse((SimdWidth)width, v, v, stride, positions, cos, sin, Heads, e, 0, Rows);
            TestData.SameBits(y, v, "rope inverse");
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void AdamW_AnyLength_SameBitsAsScalar(int width)
    {
        AdamWStep step = new(0.7f, 0.999f, 0.1f, 0.95f, 0.05f, 3e-3f, 1.7f, 1e-8f);
        foreach (int n in TestData.Lengths)
        {
            Pinned<float> g = TestData.WithSpecials("g", n), p = TestData.Normal("p", n), m = TestData.WithSpecials("m", n), v = TestData.WithSpecials("v", n);
            Pinned<float> vp = p.Copy(), vm = m.Copy(), vv = v.Copy();
            AdamW.UpdateReference(step, g, p, m, v, 0, n);
            AdamW.Update((SimdWidth)width, step, g, vp, vm, vv, 0, n / 2);
            AdamW.Update((SimdWidth)width, step, g, vp, vm, vv, n / 2, n);
            TestData.SameBits(p, vp, "p");
            TestData.SameBits(m, vm, "m");
            TestData.SameBits(v, vv, "v");
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Embedding_RepeatedTokens_SameBitsAsScalarAndForwardCopies(int width)
    {
        foreach (int d in TestData.Lengths)
        {
            const int Tokens = 9, Vocabulary = 4;
            Pinned<int> ids = TestData.Ints("ids", Tokens, Vocabulary);
            Pinned<float> dy = TestData.Normal("dy", Tokens * d), expected = TestData.Normal("table", Vocabulary * d), actual = expected.Copy(), y = new(Tokens * d);
            Embedding.Forward(expected, ids, y, d, 0, 4);
            Embedding.Forward(expected, ids, y, d, 4, Tokens);
            for (int t = 0; t < Tokens; t++)
            {
                Assert.Equal(expected.Span.Slice(ids.Span[t] * d, d).ToArray(), y.Span.Slice(t * d, d).ToArray());
            }

            for (int t = 0; t < Tokens; t++)
            {
                for (int c = 0; c < d; c++)
                {
                    expected.Span[(ids.Span[t] * d) + c] += dy.Span[(t * d) + c];
                }
            }

            Embedding.Backward((SimdWidth)width, ids, dy, actual, Tokens, d, 0, d / 3);
            Embedding.Backward((SimdWidth)width, ids, dy, actual, Tokens, d, d / 3, d);
            TestData.SameBits(expected, actual, "embedding gradient");
        }
    }
}
