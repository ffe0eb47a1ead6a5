using System.Runtime.CompilerServices;
using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class Attention
{
    private const int Block = AttentionShape.QueryBlock;
    private const int KeyTile = AttentionShape.KeyTile;
    private const int Half = Block / 2;

    private static void ForwardLanes<T>(
        in AttentionShape shape, in AttentionInputs inputs, float* output, nint outputStride, float* logSumExp, float* workspace,
        int fromHead, int toHead, nint fromRow, nint toRow)
        where T : struct, ILanes<T>
    {
        for (int h = fromHead; h < toHead; h++)
        {
            AttentionInputs head = toRow - fromRow > 1 && inputs.KeyTiles == null ? Gather<T>(shape, inputs, workspace, h / shape.Group, fromRow, toRow) : inputs;
            nint row = fromRow;
            while (row < toRow)
            {
                // Blocks end where a key tile ends, so that only one tile of a block has the causal edge.
                nint count = Math.Min(toRow - row, Block - ((inputs.FirstPosition + row) % Block));
                float* target = output + (row * outputStride) + (h * shape.HeadWidth);
                if (count == 1 && inputs.KeyTiles == null)
                {
                    ForwardRow<T>(shape, head, target, logSumExp, workspace, h, row);
                }
                else
                {
                    ForwardBlock<T>(shape, head, target, outputStride, logSumExp, workspace, h, row, count);
                }

                row += count;
            }
        }
    }

    /// <summary>The inputs with those keys and values of one head side by side that the rows see, if they are not too many.</summary>
    private static AttentionInputs Gather<T>(in AttentionShape shape, AttentionInputs inputs, float* workspace, nint kv, nint fromRow, nint toRow)
        where T : struct, ILanes<T>
    {
        nint e = shape.HeadWidth;
        nint start = FirstTile(shape, inputs, fromRow, toRow);
        nint count = inputs.FirstPosition + toRow - start;
        if (count > AttentionShape.GatheredKeys)
        {
            return inputs;
        }

        float* keys = workspace + shape.BlockWorkspace;
        nint before = (start + kv) * e; // what is added to find the first of them
        inputs.Key = AttentionTiles.SideBySide<T>(inputs.KeyAt(kv, start, e), inputs.KeyStride, count, e, keys) - before;
        inputs.Value = AttentionTiles.SideBySide<T>(inputs.ValueAt(kv, start, e), inputs.ValueStride, count, e, keys + (count * e)) - before;
        inputs.KeyStride = e;
        inputs.ValueStride = e;
        return inputs;
    }

    /// <summary>Start of the first tile of keys that one of the rows sees.</summary>
    private static nint FirstTile(in AttentionShape shape, in AttentionInputs inputs, nint fromRow, nint toRow)
    {
        nint first = nint.MaxValue;
        for (nint row = fromRow; row < toRow; row++)
        {
            first = Math.Min(first, shape.FirstKey(inputs.FirstKeys, row, inputs.FirstPosition + row));
        }

        return first / KeyTile * KeyTile;
    }

    /// <summary>Up to 64 queries of one head: lanes are queries, so the whole softmax is vertical.</summary>
    private static void ForwardBlock<T>(
        in AttentionShape shape, in AttentionInputs inputs, float* output, nint outputStride, float* logSumExp, float* workspace, int h, nint row, nint count)
        where T : struct, ILanes<T>
    {
        nint e = shape.HeadWidth;
        nint kv = h / shape.Group;
        float* transposed = workspace;
        float* scores = transposed + (Block * shape.PaddedWidth);
        float* max = scores + (KeyTile * Block);
        float* sum = max + Block;
        float* rescale = sum + Block;
        float* ones = rescale + Block;
        float* weighted = ones + Block;
        float* keyRows = workspace + shape.BlockWorkspace;
        float* valueRows = keyRows + (KeyTile * shape.PaddedWidth);
        nint* first = stackalloc nint[Block];
        new Span<float>(max, Block).Fill(float.NegativeInfinity);
        new Span<float>(sum, Block).Clear();
        new Span<float>(ones, Block).Fill(1f);
        TileTranspose.Run(inputs.Query + (row * inputs.QueryStride) + (h * e), inputs.QueryStride, count, e, transposed);

        nint position = inputs.FirstPosition + row;
        nint lowest = nint.MaxValue;
        nint highest = 0;
        for (nint r = 0; r < Block; r++)
        {
            first[r] = shape.FirstKey(inputs.FirstKeys, row + Math.Min(r, count - 1), position + Math.Min(r, count - 1));
            lowest = Math.Min(lowest, first[r]);
            highest = Math.Max(highest, first[r]);
        }

        Clear(weighted, count * e);
        nint vectors = (count + LaneFold.Lanes - 1) / LaneFold.Lanes;
        nint end = position + count;
        for (nint tile = lowest / KeyTile * KeyTile; tile < end; tile += KeyTile)
        {
            nint keys = Math.Min(KeyTile, end - tile);
            bool whole = highest <= tile && tile + keys - 1 <= position;
            float* keyRow = inputs.KeyAt(kv, tile, e);
            if (inputs.KeyTiles == null)
            {
                keyRow = AttentionTiles.SideBySide<T>(keyRow, inputs.KeyStride, keys, e, keyRows);
            }
            else
            {
                TileTranspose.Restore(keyRow, keys, e, keyRows);
                keyRow = keyRows;
            }

            // Keys from here on are seen by none of the first half of the queries.
            nint late = vectors == Block / LaneFold.Lanes ? Math.Min(keys, LaneFold.RoundUp(Math.Max(0, position + Half - tile))) : keys;
            AttentionTiles.Scores<T>(transposed, keyRow, e, late, e, shape.Scale, scores, vectors);
            AttentionTiles.Scores<T>(
                transposed + Half, keyRow + (late * e), e, keys - late, e, shape.Scale, scores + (late * Block) + Half, vectors - (Half / LaneFold.Lanes));
            if (!whole)
            {
                MaskColumns<T>(scores, first, position, tile, keys, vectors);
            }

            SoftmaxTile<T>(scores, max, sum, rescale, keys, vectors);
            float* values = AttentionTiles.SideBySide<T>(inputs.ValueAt(kv, tile, e), inputs.ValueRow(e), keys, e, valueRows);
            for (nint r = 0; r < count; r += 4)
            {
                int rows = (int)Math.Min(4, count - r);
                float* target = weighted + (r * e);
                if (whole)
                {
                    AttentionTiles.Accumulate<T>(rows, scores + r, 1, Block, values, e, keys, target, e, e, rescale + r);
                }
                else
                {
                    AttentionTiles.Accumulate<T>(rows, scores + r, 1, Block, values, e, 0, target, e, e, rescale + r);
                    AccumulateRuns<T>(
                        rows, first + r, position + r, tile, keys, scores + r, 1, Block, values, e, target, e, e, ones);
                }
            }
        }

        for (nint r = 0; r < count; r++)
        {
            float* from = weighted + (r * e);
            float* target = output + (r * outputStride);
            T inverse = T.Splat(1f / sum[r]);
            nint c = 0;
            for (; c <= e - LaneFold.Lanes; c += LaneFold.Lanes)
            {
                T.Store(T.Load(from + c) * inverse, target + c);
            }

            if (c < e)
            {
                T.StoreTail(T.LoadTail(from + c, e - c, 0f) * inverse, target + c, e - c);
            }

            if (logSumExp != null)
            {
                logSumExp[((row + r) * shape.QueryHeads) + h] = max[r] + Elementary.Log(sum[r]);
            }
        }
    }

    /// <summary>Scores [keys, 64 queries] of keys that a query may not see become -infinity, so that their exponential is 0.</summary>
    private static void MaskColumns<T>(float* scores, nint* first, nint position, nint tile, nint keys, nint vectors)
        where T : struct, ILanes<T>
    {
        // Keys of the tile by number, as floats: they are small.
        float* low = stackalloc float[Block];
        float* high = stackalloc float[Block];
        for (nint r = 0; r < Block; r++)
        {
            low[r] = Math.Max(first[r] - tile, 0);
            high[r] = Math.Min(position + r - tile, KeyTile);
        }

        T none = T.Splat(float.NegativeInfinity);
        for (nint j = 0; j < keys; j++)
        {
            T key = T.Splat((float)j);
            for (nint v = 0; v < vectors * LaneFold.Lanes; v += LaneFold.Lanes)
            {
                float* line = scores + (j * Block) + v;
                T seen = T.SelectAtMost(key, T.Load(high + v), T.Load(line), none);
                T.Store(T.SelectAtMost(T.Load(low + v), key, seen, none), line);
            }
        }
    }

    /// <summary>One turn of the online softmax over a tile [keys, 64 queries]: scores become exponentials, rescale the factor of what was before.</summary>
    private static void SoftmaxTile<T>(float* scores, float* max, float* sum, float* rescale, nint keys, nint vectors)
        where T : struct, ILanes<T>
    {
        for (nint v = 0; v < vectors; v++)
        {
            float* column = scores + (v * LaneFold.Lanes);
            T before = T.Load(max + (v * LaneFold.Lanes));
            T m = before;
            for (nint j = 0; j < keys; j++)
            {
                m = T.Max(m, T.Load(column + (j * Block)));
            }

            // A query that has not seen a key yet: its sums are 0 and stay so.
            T none = T.Splat(float.NegativeInfinity);
            T shift = T.SelectAtMost(m, none, T.Splat(0f), m);
            T factor = LaneMath.Exp(before - shift);
            for (nint j = 0; j < keys; j++)
            {
                T.Store(LaneMath.Exp(T.Load(column + (j * Block)) - shift), column + (j * Block));
            }

            for (nint j = keys; j < KeyTile; j++)
            {
                T.Store(T.Splat(0f), column + (j * Block));
            }

            T.Store(m, max + (v * LaneFold.Lanes));
            T.Store(factor, rescale + (v * LaneFold.Lanes));
            T.Store(T.Fma(T.Load(sum + (v * LaneFold.Lanes)), factor, FoldKeys<T>(column)), sum + (v * LaneFold.Lanes));
        }
    }

    /// <summary>The 16 lanes (key mod 16) and their fold 8-4-2-1, for 16 queries at once.</summary>
    private static T FoldKeys<T>(float* column)
        where T : struct, ILanes<T> =>
        (FoldQuarter<T>(column) + FoldQuarter<T>(column + (2 * Block))) + (FoldQuarter<T>(column + Block) + FoldQuarter<T>(column + (3 * Block)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T FoldQuarter<T>(float* column)
        where T : struct, ILanes<T> =>
        (KeyLane<T>(column) + KeyLane<T>(column + (8 * Block))) + (KeyLane<T>(column + (4 * Block)) + KeyLane<T>(column + (12 * Block)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T KeyLane<T>(float* column)
        where T : struct, ILanes<T> =>
        T.Load(column) + T.Load(column + (16 * Block)) + T.Load(column + (32 * Block)) + T.Load(column + (48 * Block));

    /// <summary>
    /// The chains over the keys of one tile for up to four queries, each of which sees an interval of them: runs of keys that all see go through
    /// the tile together, the others row by row. Keys ascend for every row.
    /// </summary>
    private static void AccumulateRuns<T>(
        int rows, nint* first, nint position, nint tile, nint keys, float* a, nint aRow, nint aStep, float* b, nint bStride, float* output,
        nint outputStride, nint columns, float* ones)
        where T : struct, ILanes<T>
    {
        nint j = 0;
        while (j < keys)
        {
            nint next = keys;
            int seen = 0;
            for (int r = 0; r < rows; r++)
            {
                nint low = first[r] - tile;
                nint high = position + r - tile + 1;
                seen |= j >= low && j < high ? 1 << r : 0;
                next = low > j ? Math.Min(next, low) : next;
                next = high > j ? Math.Min(next, high) : next;
            }

            float* from = a + (j * aStep);
            float* source = b + (j * bStride);
            if (seen == (1 << rows) - 1)
            {
                AttentionTiles.Accumulate<T>(rows, from, aRow, aStep, source, bStride, next - j, output, outputStride, columns, ones);
            }
            else
            {
                for (int r = 0; r < rows; r++)
                {
                    if ((seen >> r & 1) != 0)
                    {
                        AttentionTiles.Accumulate<T>(
                            1, from + (r * aRow), aRow, aStep, source, bStride, next - j, output + (r * outputStride), outputStride, columns, ones);
                    }
                }
            }

            j = next;
        }
    }
}
