using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class Attention
{
    /// <summary>One query of one head, as in generation: lanes are keys, the same arithmetic as <see cref="ForwardBlock"/>.</summary>
    private static void ForwardRow<T>(
        in AttentionShape shape, in AttentionInputs inputs, float* output, float* logSumExp, float* workspace, int h, nint row)
        where T : struct, ILanes<T>
    {
        nint e = shape.HeadWidth;
        nint keyOffset = h / shape.Group * e;
        float* query = inputs.Query + (row * inputs.QueryStride) + (h * e);
        float* transposed = workspace;
        float* scores = transposed + (KeyTile * shape.PaddedWidth);
        nint position = inputs.FirstPosition + row;
        nint first = shape.FirstKey(inputs.FirstKeys, row, position);
        float max = float.NegativeInfinity;
        float sum = 0f;
        Clear(output, e);
        for (nint tile = first / KeyTile * KeyTile; tile <= position; tile += KeyTile)
        {
            nint begin = Math.Max(first - tile, 0);
            nint end = Math.Min(KeyTile, position + 1 - tile);
            TileTranspose.Run(inputs.Key + (tile * inputs.KeyStride) + keyOffset, inputs.KeyStride, end, e, transposed);
            AttentionTiles.Scores<T>(transposed, query, 0, 1, e, shape.Scale, scores, KeyTile / LaneFold.Lanes);
            new Span<float>(scores, (int)begin).Fill(float.NegativeInfinity);
            new Span<float>(scores + end, (int)(KeyTile - end)).Fill(float.NegativeInfinity);
            float before = max;
            max = LargestOfTile<T>(scores, max);
            float shift = max == float.NegativeInfinity ? 0f : max;
            float rescale = Elementary.Exp(before - shift);
            sum = MathF.FusedMultiplyAdd(sum, rescale, ExponentialsOfTile<T>(scores, shift));
            AttentionTiles.Accumulate<T>(
                1, scores + begin, 0, 1, inputs.Value + ((tile + begin) * inputs.ValueStride) + keyOffset, inputs.ValueStride, end - begin, output, 0, e, &rescale);
        }

        float inverse = 1f / sum;
        for (nint c = 0; c < e; c++)
        {
            output[c] *= inverse;
        }

        if (logSumExp != null)
        {
            logSumExp[(row * shape.QueryHeads) + h] = max + Elementary.Log(sum);
        }
    }

    private static float LargestOfTile<T>(float* scores, float max)
        where T : struct, ILanes<T> =>
        T.FoldMax(T.Max(T.Max(T.Max(T.Max(T.Splat(max), T.Load(scores)), T.Load(scores + 16)), T.Load(scores + 32)), T.Load(scores + 48)));

    /// <summary>Scores become exponentials; their sum in 16 lanes.</summary>
    private static float ExponentialsOfTile<T>(float* scores, float shift)
        where T : struct, ILanes<T>
    {
        T subtrahend = T.Splat(shift);
        T sum = T.Splat(0f);
        for (nint j = 0; j < KeyTile; j += LaneFold.Lanes)
        {
            T p = LaneMath.Exp(T.Load(scores + j) - subtrahend);
            T.Store(p, scores + j);
            sum += p;
        }

        return T.FoldSum(sum);
    }
}
