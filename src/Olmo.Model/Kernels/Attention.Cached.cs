using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Olmo.Model.Compute;
using Olmo.Model.Numerics;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <content>Over a cache (<see cref="AttentionInputs.KeyTiles"/>): what a token reads of a KV head is two streams, and keys need no turning.</content>
internal static unsafe partial class Attention
{
    /// <summary>Puts keys and values of rows from..to into the cache of one KV head.</summary>
    /// <param name="inputs">With the cache; row r has position FirstPosition + r.</param>
    /// <param name="key">[rows, K, e], rows <paramref name="rowStride"/> floats apart.</param>
    /// <param name="value">as key</param>
    public static void Append(in AttentionShape shape, in AttentionInputs inputs, float* key, float* value, nint rowStride, int keyHead, nint fromRow, nint toRow)
    {
        nint e = shape.HeadWidth;
        for (nint row = fromRow; row < toRow; row++)
        {
            float* from = key + (row * rowStride) + (keyHead * e);
            float* to = inputs.KeyAt(keyHead, inputs.FirstPosition + row, e);
            for (nint c = 0; c < e; c++)
            {
                to[c * KeyTile] = from[c];
            }

            Unsafe.CopyBlockUnaligned(
                inputs.ValueAt(keyHead, inputs.FirstPosition + row, e), value + (row * rowStride) + (keyHead * e), (uint)e * sizeof(float));
        }
    }

    /// <summary>
    /// Asks for what <see cref="Append"/> and <see cref="ForwardCachedRow"/> of one KV head touch in pieces of a few lines: the place of row 0's key and, where there is one tile only, that tile.
    /// </summary>
    public static void AskFor(in AttentionShape shape, in AttentionInputs inputs, int keyHead)
    {
        nint e = shape.HeadWidth;
        nint position = inputs.FirstPosition;
        float* key = inputs.KeyAt(keyHead, position, e);
        for (nint c = 0; c < e; c++)
        {
            Sse.Prefetch0(key + (c * KeyTile));
        }

        if (position >= KeyTile)
        {
            return;
        }

        for (float* lanes = key - LaneFold.Lanes; lanes >= inputs.KeyAt(keyHead, 0, e); lanes -= LaneFold.Lanes)
        {
            for (nint c = 0; c < e; c++)
            {
                Sse.Prefetch0(lanes + (c * KeyTile));
            }
        }

        float* values = inputs.ValueAt(keyHead, 0, e);
        for (nint i = 0; i < (position + 1) * e; i += LaneFold.Lanes)
        {
            Sse.Prefetch0(values + i);
        }
    }

    /// <summary>One row, all query heads of one KV head: the bits of <see cref="Forward"/>.</summary>
    /// <param name="inputs">With a cache that has the row's own key, and no documents.</param>
    /// <param name="output">[H, e] of the row.</param>
    /// <param name="workspace"><see cref="AttentionShape.ForwardWorkspace"/> floats of this worker.</param>
    /// <param name="isLast">False: the next KV head follows on this thread, and its first keys are asked for.</param>
    public static void ForwardCachedRow(
        SimdWidth width, in AttentionShape shape, in AttentionInputs inputs, float* output, float* workspace, int keyHead, nint row, bool isLast)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                CachedRowLanes<Lanes512>(shape, inputs, output, workspace, keyHead, row, isLast);
                break;
            case SimdWidth.Avx2:
                CachedRowLanes<Lanes256>(shape, inputs, output, workspace, keyHead, row, isLast);
                break;
            default:
                float* target = output - (row * inputs.QueryStride);
                ForwardReference(shape, inputs, target, inputs.QueryStride, null, keyHead * shape.Group, (keyHead + 1) * shape.Group, row, row + 1);
                break;
        }
    }

    private static void CachedRowLanes<T>(in AttentionShape shape, in AttentionInputs inputs, float* output, float* workspace, int keyHead, nint row, bool isLast)
        where T : struct, ILanes<T>
    {
        int last = (keyHead + 1) * shape.Group;
        for (int h = keyHead * shape.Group; h < last; h += Block)
        {
            CachedHeads<T>(shape, inputs, output + (h * shape.HeadWidth), workspace, keyHead, h, Math.Min(Block, last - h), row, isLast);
        }
    }

    /// <summary>Up to 64 query heads that read the same keys: each tile is read from memory once.</summary>
    private static void CachedHeads<T>(
        in AttentionShape shape, in AttentionInputs inputs, float* output, float* workspace, int keyHead, int firstHead, int heads, nint row, bool isLast)
        where T : struct, ILanes<T>
    {
        nint e = shape.HeadWidth;
        float* query = inputs.Query + (row * inputs.QueryStride) + (firstHead * e);
        float* scores = workspace;
        float* max = scores + (Block * KeyTile);
        float* sum = max + Block;
        float* rescale = sum + Block;
        new Span<float>(max, heads).Fill(float.NegativeInfinity);
        new Span<float>(sum, heads).Clear();
        Clear(output, heads * e);
        nint position = inputs.FirstPosition + row;
        nint first = shape.FirstKey(null, row, position);
        nint firstTile = first / KeyTile * KeyTile;
        float* nextHead = inputs.KeyAt(isLast || firstTile + KeyTile > position ? keyHead : keyHead + 1, firstTile, e);
        for (nint tile = firstTile; tile <= position; tile += KeyTile)
        {
            nint begin = Math.Max(first - tile, 0);
            nint end = Math.Min(KeyTile, position + 1 - tile);
            float* keys = inputs.KeyAt(keyHead, tile, e);
            float* values = inputs.ValueAt(keyHead, tile + begin, e);
            if (heads == 1 && end == KeyTile)
            {
                AttentionTiles.ScoresAhead<T>(keys, query, e, shape.Scale, scores, values);
            }
            else
            {
                AttentionTiles.Scores<T>(keys, query, e, heads, e, shape.Scale, scores, (end + LaneFold.Lanes - 1) / LaneFold.Lanes);
            }

            for (int h = 0; h < heads; h++)
            {
                float* s = scores + (h * KeyTile);
                new Span<float>(s, (int)begin).Fill(float.NegativeInfinity);
                new Span<float>(s + end, (int)(KeyTile - end)).Fill(float.NegativeInfinity);
                float before = max[h];
                max[h] = LargestOfTile<T>(s, before);
                float shift = max[h] == float.NegativeInfinity ? 0f : max[h];
                rescale[h] = Elementary.Exp(before - shift);
                sum[h] = MathF.FusedMultiplyAdd(sum[h], rescale[h], ExponentialsOfTile<T>(s, shift));
            }

            if (heads == 1)
            {
                float* ahead = tile + KeyTile <= position ? keys + (KeyTile * e) : nextHead;
                AttentionTiles.AccumulateAhead<T>(scores + begin, values, end - begin, output, e, rescale[0], ahead);
                continue;
            }

            for (int h = 0; h < heads; h += 4)
            {
                AttentionTiles.Accumulate<T>(
                    Math.Min(4, heads - h), scores + (h * KeyTile) + begin, KeyTile, 1, values, e, end - begin, output + (h * e), e, e, rescale + h);
            }
        }

        for (int h = 0; h < heads; h++)
        {
            float inverse = 1f / sum[h];
            float* target = output + (h * e);
            for (nint c = 0; c < e; c++)
            {
                target[c] *= inverse;
            }
        }
    }
}
