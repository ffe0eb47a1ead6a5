namespace Olmo.Model.Kernels;

internal static unsafe partial class Attention
{
    private static void BackwardLanes<T>(
        in AttentionShape shape, in AttentionInputs inputs, float* output, float* outputGradient, nint outputStride, float* logSumExp,
        float* queryGradient, float* keyGradient, float* valueGradient, float* workspace, nint rows, int fromKeyHead, int toKeyHead)
        where T : struct, ILanes<T>
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
                    Clear(queryGradient + (i * inputs.QueryStride) + (h * e), e);
                }

                BackwardHead<T>(
                    shape, inputs, output, outputGradient, outputStride, logSumExp, queryGradient, keyGradient, valueGradient, workspace, rows, g, h);
            }
        }
    }

    /// <summary>One query head: key tiles ascending outside, query blocks ascending inside; lanes are keys.</summary>
    private static void BackwardHead<T>(
        in AttentionShape shape, in AttentionInputs inputs, float* output, float* outputGradient, nint outputStride, float* logSumExp,
        float* queryGradient, float* keyGradient, float* valueGradient, float* workspace, nint rows, int g, int h)
        where T : struct, ILanes<T>
    {
        nint e = shape.HeadWidth;
        float* keysTransposed = workspace;
        float* valuesTransposed = keysTransposed + (KeyTile * shape.PaddedWidth);
        float* p = valuesTransposed + (KeyTile * shape.PaddedWidth);
        float* ds = p + (KeyTile * Block);
        float* ones = ds + (KeyTile * Block);
        float* keyRows = ones + Block;
        float* queryRows = keyRows + (KeyTile * shape.PaddedWidth);
        float* upstreamRows = queryRows + (Block * shape.PaddedWidth);
        float* deltas = upstreamRows + (Block * shape.PaddedWidth);
        nint* first = stackalloc nint[Block];
        new Span<float>(ones, Block).Fill(1f);
        for (nint i = 0; i < rows; i++)
        {
            nint at = (i * outputStride) + (h * e);
            deltas[i] = LaneDot<T>(outputGradient + at, output + at, e);
        }

        for (nint tile = 0; tile < rows; tile += KeyTile)
        {
            nint keys = Math.Min(KeyTile, rows - tile);
            nint vectors = (keys + LaneFold.Lanes - 1) / LaneFold.Lanes;
            float* k = inputs.Key + (tile * inputs.KeyStride) + (g * e);
            float* v = inputs.Value + (tile * inputs.ValueStride) + (g * e);
            float* dk = keyGradient + (tile * inputs.KeyStride) + (g * e);
            float* dv = valueGradient + (tile * inputs.ValueStride) + (g * e);
            TileTranspose.Run(k, inputs.KeyStride, keys, e, keysTransposed);
            k = AttentionTiles.SideBySide<T>(k, inputs.KeyStride, keys, e, keyRows);
            TileTranspose.Run(v, inputs.ValueStride, keys, e, valuesTransposed);
            for (nint block = tile; block < rows; block += Block)
            {
                nint count = Math.Min(Block, rows - block);
                nint lowest = nint.MaxValue;
                nint highest = 0;
                for (nint r = 0; r < count; r++)
                {
                    first[r] = shape.FirstKey(inputs.FirstKeys, block + r, block + r);
                    lowest = Math.Min(lowest, first[r]);
                    highest = Math.Max(highest, first[r]);
                }

                if (lowest >= tile + keys)
                {
                    continue;
                }

                bool whole = highest <= tile && tile + keys - 1 <= block;
                float* q = AttentionTiles.SideBySide<T>(inputs.Query + (block * inputs.QueryStride) + (h * e), inputs.QueryStride, count, e, queryRows);
                float* dq = queryGradient + (block * inputs.QueryStride) + (h * e);
                float* upstream = AttentionTiles.SideBySide<T>(outputGradient + (block * outputStride) + (h * e), outputStride, count, e, upstreamRows);
                // The first half of the queries of the tile's own block sees the first half of its keys at most.
                nint early = block == tile ? Math.Min(count, Half) : 0;
                nint half = Math.Min(vectors, Half / LaneFold.Lanes);
                AttentionTiles.Scores<T>(keysTransposed, q, e, early, e, shape.Scale, p, half);
                AttentionTiles.Scores<T>(keysTransposed, q + (early * e), e, count - early, e, shape.Scale, p + (early * KeyTile), vectors);
                AttentionTiles.Scores<T>(valuesTransposed, upstream, e, early, e, 1f, ds, half);
                AttentionTiles.Scores<T>(valuesTransposed, upstream + (early * e), e, count - early, e, 1f, ds + (early * KeyTile), vectors);
                for (nint r = 0; r < count; r++)
                {
                    ScoreGradients<T>(
                        p + (r * KeyTile), ds + (r * KeyTile), logSumExp[((block + r) * shape.QueryHeads) + h], deltas[block + r], shape.Scale, r < early ? half : vectors);
                }

                for (nint r = 0; r < count; r += 4)
                {
                    int group = (int)Math.Min(4, count - r);
                    float* target = dq + (r * inputs.QueryStride);
                    float* from = ds + (r * KeyTile);
                    if (whole)
                    {
                        AttentionTiles.Accumulate<T>(
                            group, from, KeyTile, 1, k, e, keys, target, inputs.QueryStride, e, ones);
                    }
                    else
                    {
                        AccumulateRuns<T>(
                            group, first + r, block + r, tile, keys, from, KeyTile, 1, k, e, target, inputs.QueryStride, e, ones);
                    }
                }

                for (nint j = 0; j < keys; j += 4)
                {
                    int group = (int)Math.Min(4, keys - j);
                    // Queries before the first of the keys see none of them.
                    nint from = Math.Max(0, tile + j - block);
                    while (from < count)
                    {
                        // A run of queries that see the same of the four keys: [low, high) of them. Whoever follows one that sees all of them does, too, where no document or window begins in the tile.
                        (int low, int high) = Seen(first[from], block + from, tile + j, group);
                        nint to = high - low == group && highest <= tile ? count : from + 1;
                        while (to < count && Seen(first[to], block + to, tile + j, group) == (low, high))
                        {
                            to++;
                        }

                        if (low < high)
                        {
                            nint key = j + low;
                            float* a = p + (from * KeyTile) + key;
                            float* b = ds + (from * KeyTile) + key;
                            AttentionTiles.Accumulate<T>(
                                high - low, a, 1, KeyTile, upstream + (from * e), e, to - from,
                                dv + (key * inputs.ValueStride), inputs.ValueStride, e, ones);
                            AttentionTiles.Accumulate<T>(
                                high - low, b, 1, KeyTile, q + (from * e), e, to - from,
                                dk + (key * inputs.KeyStride), inputs.KeyStride, e, ones);
                        }

                        from = to;
                    }
                }
            }
        }
    }

    /// <summary>Which of <paramref name="group"/> keys from <paramref name="key"/> on a query at a position sees, as an interval.</summary>
    private static (int Low, int High) Seen(nint first, nint position, nint key, int group)
    {
        int low = (int)Math.Clamp(first - key, 0, group);
        int high = (int)Math.Clamp(position - key + 1, 0, group);
        return low < high ? (low, high) : (0, 0);
    }

    /// <summary>p = exp(score - lse), ds = (p * (dp - delta)) * scale along one row of keys.</summary>
    private static void ScoreGradients<T>(float* p, float* ds, float lse, float delta, float scale, nint vectors)
        where T : struct, ILanes<T>
    {
        T subtrahend = T.Splat(lse);
        T centre = T.Splat(delta);
        T factor = T.Splat(scale);
        for (nint v = 0; v < vectors * LaneFold.Lanes; v += LaneFold.Lanes)
        {
            T probability = LaneMath.Exp(T.Load(p + v) - subtrahend);
            T.Store(probability, p + v);
            T.Store(probability * (T.Load(ds + v) - centre) * factor, ds + v);
        }
    }

    private static float LaneDot<T>(float* a, float* b, nint count)
        where T : struct, ILanes<T>
    {
        T sum = T.Splat(0f);
        nint c = 0;
        for (; c <= count - LaneFold.Lanes; c += LaneFold.Lanes)
        {
            sum = T.Fma(T.Load(a + c), T.Load(b + c), sum);
        }

        if (c < count)
        {
            sum = T.Fma(T.LoadTail(a + c, count - c, 0f), T.LoadTail(b + c, count - c, 0f), sum);
        }

        return T.FoldSum(sum);
    }
}
