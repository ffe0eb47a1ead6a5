using Olmo.Model.Compute;
using Olmo.Model.Kernels;

namespace Olmo.Model.Tests.Kernels;

public sealed unsafe class AttentionTests
{
    public static TheoryData<int> Widths => TestData.VectorWidths;

    private static IEnumerable<AttentionCase> Cases()
    {
        yield return new(1, 1, 1, 8, 0, null);
        yield return new(37, 3, 3, 24, 0, null);
        yield return new(64, 2, 1, 32, 0, null);
        yield return new(65, 2, 2, 16, 0, null);
        yield return new(130, 4, 2, 64, 0, null);
        yield return new(131, 2, 2, 80, 17, null);
        yield return new(200, 2, 1, 72, 90, null);
        yield return new(193, 1, 1, 128, 0, [10, 70, 1, 64, 48]);
        yield return new(100, 6, 2, 12, 9, [3, 40, 57]);
        yield return new(128, 2, 2, 6, 64, null);
        yield return new(150, 2, 1, 96, 0, null, 20f);
        yield return new(AttentionShape.QueryChunk + 70, 4, 2, 16, 0, null);
        yield return new((2 * AttentionShape.QueryChunk) + 37, 2, 1, 8, 100, [300, 450, 311]);
        yield return new(AttentionShape.GatheredKeys + 70, 2, 2, 8, 0, null);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Forward_AnyShape_SameBitsAsScalar(int width)
    {
        foreach (AttentionCase c in Cases())
        {
            (Pinned<float> expected, Pinned<float> expectedLse) = c.Forward(SimdWidth.Scalar);
            (Pinned<float> actual, Pinned<float> lse) = c.Forward((SimdWidth)width);
            TestData.SameBits(expected, actual, $"output, {c.Shape}, {c.Rows} rows");
            TestData.SameBits(expectedLse, lse, $"lse, {c.Shape}, {c.Rows} rows");
            Assert.All(actual.Span.ToArray(), v => Assert.True(float.IsFinite(v)));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Backward_AnyShape_SameBitsAsScalar(int width)
    {
        foreach (AttentionCase c in Cases())
        {
            (Pinned<float> output, Pinned<float> lse) = c.Forward(SimdWidth.Scalar);
            Pinned<float>[] expected = c.Backward(SimdWidth.Scalar, output, lse);
            Pinned<float>[] actual = c.Backward((SimdWidth)width, output, lse, c.Shape.KeyHeads / 2);
            for (int i = 0; i < 3; i++)
            {
                TestData.SameBits(expected[i], actual[i], $"gradient {"qkv"[i]}, {c.Shape}, {c.Rows} rows");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Forward_QueriesInPiecesAgainstACache_SameBitsAsAllAtOnce(int width)
    {
        foreach (AttentionCase c in Cases())
        {
            (Pinned<float> expected, Pinned<float> expectedLse) = c.Forward((SimdWidth)width);
            Pinned<float> output = new(expected.Length), lse = new(expectedLse.Length), workspace = new((int)c.Shape.ForwardWorkspace);
            int row = 0;
            for (int piece = 1; row < c.Rows; piece = piece == 1 ? 7 : 1)
            {
                int count = Math.Min(piece, c.Rows - row);
                for (int h = 0; h < c.Shape.QueryHeads; h++)
                {
                    Attention.Forward(
                        (SimdWidth)width, c.Shape, c.Inputs(row), output.Pointer + (row * c.OutputStride), c.OutputStride,
                        lse.Pointer + (row * c.Shape.QueryHeads), workspace, h, h + 1, 0, count);
                }

                row += count;
            }

            TestData.SameBits(expected, output, $"one at a time, {c.Shape}");
            TestData.SameBits(expectedLse, lse, $"lse, {c.Shape}");
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Forward_OverTilesOfACache_SameBitsAsAllAtOnce(int width)
    {
        foreach (AttentionCase c in Cases().Where(c => c.First is null))
        {
            AttentionShape shape = c.Shape;
            (Pinned<float> expected, _) = c.Forward(SimdWidth.Scalar);
            int capacity = (c.Rows + AttentionShape.KeyTile - 1) / AttentionShape.KeyTile * AttentionShape.KeyTile;
            Pinned<float> keys = new(capacity * shape.KeyHeads * shape.HeadWidth), values = new(keys.Length);
            Pinned<float> output = new(expected.Length), workspace = new((int)shape.ForwardWorkspace);
            keys.Span.Fill(float.NaN); // what is not in the cache yet is not seen
            values.Span.Fill(float.NaN);
            workspace.Span.Fill(float.NaN);
            int row = 0;
            for (int piece = 1; row < c.Rows; piece = piece == 70 ? 1 : piece == 1 ? 7 : 70)
            {
                int count = Math.Min(piece, c.Rows - row);
                AttentionInputs inputs = c.Inputs(row);
                inputs.KeyTiles = keys;
                inputs.Value = values;
                inputs.CacheStride = capacity * shape.HeadWidth;
                float* target = output.Pointer + (row * c.OutputStride);
                for (int g = 0; g < shape.KeyHeads; g++)
                {
                    Attention.Append(shape, inputs, c.Key.Pointer + (row * c.KeyStride), c.AlikeValue.Pointer + (row * c.KeyStride), c.KeyStride, g, 0, count);
                    if (count == 1)
                    {
                        Attention.ForwardCachedRow((SimdWidth)width, shape, inputs, target, workspace, g, 0, isLast: g + 1 == shape.KeyHeads);
                    }
                }

                if (count > 1)
                {
                    Attention.Forward((SimdWidth)width, shape, inputs, target, c.OutputStride, null, workspace, 0, shape.QueryHeads, 0, count);
                }

                row += count;
            }

            TestData.SameBits(expected, output, $"over a cache, {shape}");
            workspace.AssertGuard();
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Forward_GarbageBehindTheQuery_IsNotSeen(int width)
    {
        AttentionCase c = new(70, 1, 1, 16, 0, null);
        (Pinned<float> expected, _) = c.Forward((SimdWidth)width);

        // Rows 0..39 must not depend on later keys, not even on infinities and NaN.
        for (int j = 40; j < 70; j++)
        {
            c.Key.Span.Slice(j * c.KeyStride, c.KeyStride).Fill(float.NaN);
            c.Value.Span.Slice(j * c.ValueStride, c.ValueStride).Fill(float.PositiveInfinity);
        }

        (Pinned<float> actual, _) = c.Forward((SimdWidth)width);
        Assert.Equal(expected.Span[..(40 * 16)].ToArray(), actual.Span[..(40 * 16)].ToArray());
        Assert.True(float.IsNaN(actual.Span[40 * 16]));
    }

    [Fact]
    public void Forward_Documents_EqualTheDocumentsAlone()
    {
        AttentionCase packed = new(50, 2, 1, 16, 0, [20, 30]);
        (Pinned<float> output, _) = packed.Forward(SimdWidth.Scalar);
        AttentionInputs alone = packed.Inputs();
        alone.Query += 20 * packed.QueryStride;
        alone.Key += 20 * packed.KeyStride;
        alone.Value += 20 * packed.ValueStride;
        alone.FirstKeys = null;
        Pinned<float> second = new(30 * packed.OutputStride);
        Attention.Forward(SimdWidth.Scalar, packed.Shape, alone, second, packed.OutputStride, null, null, 0, 2, 0, 30);
        for (int i = 0; i < second.Length; i++)
        {
            Assert.Equal(second.Span[i], output.Span[(20 * packed.OutputStride) + i], 1e-6f);
        }
    }
}
