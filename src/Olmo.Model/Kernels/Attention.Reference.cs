using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class Attention
{
    public static void ForwardReference(
        in AttentionShape shape, in AttentionInputs inputs, float* output, nint outputStride, float* logSumExp, int fromHead, int toHead, nint fromRow, nint toRow)
    {
        float* p = stackalloc float[AttentionShape.KeyTile];
        nint e = shape.HeadWidth;
        for (nint r = fromRow; r < toRow; r++)
        {
            nint position = inputs.FirstPosition + r;
            nint first = shape.FirstKey(inputs.FirstKeys, r, position);
            for (int h = fromHead; h < toHead; h++)
            {
                float* q = inputs.Query + (r * inputs.QueryStride) + (h * e);
                float* o = output + (r * outputStride) + (h * e);
                nint kv = h / shape.Group;
                nint valueRow = inputs.ValueRow(e);
                float m = float.NegativeInfinity;
                float l = 0f;
                Clear(o, e);
                for (nint tile = first / AttentionShape.KeyTile * AttentionShape.KeyTile; tile <= position; tile += AttentionShape.KeyTile)
                {
                    nint begin = Math.Max(tile, first);
                    nint end = Math.Min(tile + AttentionShape.KeyTile, position + 1);
                    float previous = m;
                    for (nint j = begin; j < end; j++)
                    {
                        float s = Dot(q, inputs.KeyAt(kv, j, e), inputs.KeyStep, e) * shape.Scale;
                        p[j - tile] = s;
                        m = m > s ? m : s;
                    }

                    float shift = m == float.NegativeInfinity ? 0f : m;
                    float rescale = Elementary.Exp(previous - shift);
                    l = MathF.FusedMultiplyAdd(l, rescale, ExponentialsOfTile(p, shift, begin - tile, end - tile));
                    float* values = inputs.ValueAt(kv, begin, e);
                    for (nint c = 0; c < e; c++)
                    {
                        float sum = o[c] * rescale;
                        for (nint j = begin; j < end; j++)
                        {
                            sum = MathF.FusedMultiplyAdd(p[j - tile], values[((j - begin) * valueRow) + c], sum);
                        }

                        o[c] = sum;
                    }
                }

                float inverse = 1f / l;
                for (nint c = 0; c < e; c++)
                {
                    o[c] *= inverse;
                }

                if (logSumExp != null)
                {
                    logSumExp[(r * shape.QueryHeads) + h] = m + Elementary.Log(l);
                }
            }
        }
    }

    public static void BackwardReference(
        in AttentionShape shape, in AttentionInputs inputs, float* output, float* outputGradient, nint outputStride, float* logSumExp,
        float* queryGradient, float* keyGradient, float* valueGradient, nint rows, int fromKeyHead, int toKeyHead)
    {
        nint e = shape.HeadWidth;
        for (int g = fromKeyHead; g < toKeyHead; g++)
        {
            for (nint j = 0; j < rows; j++)
            {
                Clear(keyGradient + (j * inputs.KeyStride) + (g * e), e);
                Clear(valueGradient + (j * inputs.ValueStride) + (g * e), e);
            }

            for (int h = g * shape.Group; h < (g + 1) * shape.Group; h++)
            {
                for (nint i = 0; i < rows; i++)
                {
                    float* q = inputs.Query + (i * inputs.QueryStride) + (h * e);
                    float* dq = queryGradient + (i * inputs.QueryStride) + (h * e);
                    float* upstream = outputGradient + (i * outputStride) + (h * e);
                    float delta = LaneDot(upstream, output + (i * outputStride) + (h * e), e);
                    float lse = logSumExp[(i * shape.QueryHeads) + h];
                    Clear(dq, e);
                    for (nint j = shape.FirstKey(inputs.FirstKeys, i, i); j <= i; j++)
                    {
                        float* k = inputs.Key + (j * inputs.KeyStride) + (g * e);
                        float* v = inputs.Value + (j * inputs.ValueStride) + (g * e);
                        float p = Elementary.Exp((Dot(q, k, 1, e) * shape.Scale) - lse);
                        float ds = p * (Dot(upstream, v, 1, e) - delta) * shape.Scale;
                        for (nint c = 0; c < e; c++)
                        {
                            float* dk = keyGradient + (j * inputs.KeyStride) + (g * e) + c;
                            float* dv = valueGradient + (j * inputs.ValueStride) + (g * e) + c;
                            dq[c] = MathF.FusedMultiplyAdd(ds, k[c], dq[c]);
                            *dk = MathF.FusedMultiplyAdd(ds, q[c], *dk);
                            *dv = MathF.FusedMultiplyAdd(p, upstream[c], *dv);
                        }
                    }
                }
            }
        }
    }

    private static void Clear(float* p, nint count) => new Span<float>(p, (int)count).Clear();

    private static float Dot(float* a, float* b, nint step, nint count)
    {
        float sum = 0f;
        for (nint c = 0; c < count; c++)
        {
            sum = MathF.FusedMultiplyAdd(a[c], b[c * step], sum);
        }

        return sum;
    }

    private static float LaneDot(float* a, float* b, nint count)
    {
        float* lanes = stackalloc float[LaneFold.Lanes];
        new Span<float>(lanes, LaneFold.Lanes).Clear();
        for (nint c = 0; c < count; c++)
        {
            lanes[c % LaneFold.Lanes] = MathF.FusedMultiplyAdd(a[c], b[c], lanes[c % LaneFold.Lanes]);
        }

        return LaneFold.Sum(lanes);
    }

    private static float ExponentialsOfTile(float* p, float shift, nint begin, nint end)
    {
        float* lanes = stackalloc float[LaneFold.Lanes];
        new Span<float>(lanes, LaneFold.Lanes).Clear();
        for (nint j = begin; j < end; j++)
        {
            p[j] = Elementary.Exp(p[j] - shift);
            lanes[j % LaneFold.Lanes] += p[j];
        }

        return LaneFold.Sum(lanes);
    }
}
