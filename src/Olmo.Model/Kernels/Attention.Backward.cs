namespace Olmo.Model.Kernels;

internal static unsafe partial class Attention
{
    private static void BackwardLanes<T>(
        in AttentionShape shape, in AttentionInputs inputs, float* output, float* outputGradient, nint outputStride, float* logSumExp,
        float* queryGradient, float* keyGradient, float* valueGradient, float* workspace, nint rows, int fromKeyHead, int toKeyHead)
        where T : struct, ILanes<T>
    {
        for (int g = fromKeyHead; g < toKeyHead; g++)
        {
            for (int h = g * shape.Group; h < (g + 1) * shape.Group; h++)
            {
                for (nint chunk = 0; chunk < rows; chunk += AttentionShape.QueryChunk)
                {
                    BackwardChunk<T>(
                        shape, inputs, output, outputGradient, outputStride, logSumExp, queryGradient, keyGradient, valueGradient, workspace, chunk, Math.Min(rows, chunk + AttentionShape.QueryChunk), g, h);
                }
            }
        }
    }

    /// <summary>
    /// Queries from..to of one head: key tiles ascending outside, query blocks ascending inside; lanes are keys. The queries, their gradients and upstream gradients are kept side by side meanwhile,
    /// and so are the sums of a key tile, which go on from the chunk before.
    /// </summary>
    private static void BackwardChunk<T>(
        in AttentionShape shape, in AttentionInputs inputs, float* output, float* outputGradient, nint outputStride, float* logSumExp,
        float* queryGradient, float* keyGradient, float* valueGradient, float* workspace, nint fromRow, nint toRow, int g, int h)
        where T : struct, ILanes<T>
    {
        nint e = shape.HeadWidth;
        float* keysTransposed = workspace;
        float* valuesTransposed = keysTransposed + (KeyTile * shape.PaddedWidth);
        float* p = valuesTransposed + (KeyTile * shape.PaddedWidth);
        float* ds = p + (KeyTile * Block);
        float* ones = ds + (KeyTile * Block);
        float* keyRows = ones + Block;
        float* dk = keyRows + (KeyTile * shape.PaddedWidth);
        float* dv = dk + (KeyTile * shape.PaddedWidth);
        float* queryRows = dv + (KeyTile * shape.PaddedWidth);
        float* upstreamRows = queryRows + (AttentionShape.QueryChunk * shape.PaddedWidth);
        float* gradientRows = upstreamRows + (AttentionShape.QueryChunk * shape.PaddedWidth);
        float* deltas = gradientRows + (AttentionShape.QueryChunk * shape.PaddedWidth);
        nint* first = stackalloc nint[Block];
        new Span<float>(ones, Block).Fill(1f);
        nint rows = toRow - fromRow;
        nint head = h * e;
        float* queries = AttentionTiles.SideBySide<T>(inputs.Query + (fromRow * inputs.QueryStride) + head, inputs.QueryStride, rows, e, queryRows);
        float* upstreams = AttentionTiles.SideBySide<T>(outputGradient + (fromRow * outputStride) + head, outputStride, rows, e, upstreamRows);
        Clear(gradientRows, rows * e);
        for (nint i = 0; i < rows; i++)
        {
            deltas[i] = LaneDot<T>(upstreams + (i * e), output + ((fromRow + i) * outputStride) + head, e);
        }

        for (nint tile = FirstTile(shape, inputs, fromRow, toRow); tile < toRow; tile += KeyTile)
        {
            nint keys = Math.Min(KeyTile, toRow - tile);
            nint vectors = (keys + LaneFold.Lanes - 1) / LaneFold.Lanes;
            float* k = inputs.Key + (tile * inputs.KeyStride) + (g * e);
            float* v = inputs.Value + (tile * inputs.ValueStride) + (g * e);
            float* keySums = keyGradient + (tile * inputs.KeyStride) + (g * e);
            float* valueSums = valueGradient + (tile * inputs.ValueStride) + (g * e);
            if (h == g * shape.Group && tile >= fromRow)
            {
                Clear(dk, keys * e);
                Clear(dv, keys * e);
            }
            else
            {
                AttentionTiles.Copy<T>(keySums, inputs.KeyStride, dk, e, keys, e);
                AttentionTiles.Copy<T>(valueSums, inputs.ValueStride, dv, e, keys, e);
            }

            TileTranspose.Run(k, inputs.KeyStride, keys, e, keysTransposed);
            k = AttentionTiles.SideBySide<T>(k, inputs.KeyStride, keys, e, keyRows);
            TileTranspose.Run(v, inputs.ValueStride, keys, e, valuesTransposed);
            for (nint block = Math.Max(tile, fromRow); block < toRow; block += Block)
            {
                nint count = Math.Min(Block, toRow - block);
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
                float* q = queries + ((block - fromRow) * e);
                float* dq = gradientRows + ((block - fromRow) * e);
                float* upstream = upstreams + ((block - fromRow) * e);
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
                        p + (r * KeyTile), ds + (r * KeyTile), logSumExp[((block + r) * shape.QueryHeads) + h], deltas[block - fromRow + r], shape.Scale, r < early ? half : vectors);
                }

                for (nint r = 0; r < count; r += 4)
                {
                    int group = (int)Math.Min(4, count - r);
                    float* target = dq + (r * e);
                    float* from = ds + (r * KeyTile);
                    if (whole)
                    {
                        AttentionTiles.Accumulate<T>(
                            group, from, KeyTile, 1, k, e, keys, target, e, e, ones);
                    }
                    else
                    {
                        AccumulateRuns<T>(
                            group, first + r, block + r, tile, keys, from, KeyTile, 1, k, e, target, e, e, ones);
                    }
                }

                // One after the other: the first-level cache holds what one of them reads.
                AccumulateKeys<T>(first, block, count, tile, keys, highest, p, upstream, dv, e, ones);
                AccumulateKeys<T>(first, block, count, tile, keys, highest, ds, q, dk, e, ones);
            }

            AttentionTiles.Copy<T>(dk, e, keySums, inputs.KeyStride, keys, e);
            AttentionTiles.Copy<T>(dv, e, valueSums, inputs.ValueStride, keys, e);
        }

        AttentionTiles.Copy<T>(gradientRows, e, queryGradient + (fromRow * inputs.QueryStride) + head, inputs.QueryStride, rows, e);
    }

    /// <summary>
    /// sums[j, :] continues its chain: += weights[r, j] * queries[r, :] over the block's queries that see key j, ascending. Weights are [count, 64], queries [count, e], sums [keys, e], side by side.
    /// </summary>
    private static void AccumulateKeys<T>(
        nint* first, nint block, nint count, nint tile, nint keys, nint highest, float* weights, float* queries, float* sums, nint e, float* ones)
        where T : struct, ILanes<T>
    {
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
                    AttentionTiles.Accumulate<T>(
                        high - low, weights + (from * KeyTile) + key, 1, KeyTile, queries + (from * e), e, to - from, sums + (key * e), e, e, ones);
                }

                from = to;
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
