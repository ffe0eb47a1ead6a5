using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>
/// The two register-tiled products of attention. Every element is one chain of fused multiply-adds in ascending order, so the tile that computes
/// it does not show in the bits. Four rows by four, two or one vectors of 16 lanes; the generated pattern is the same in each.
/// </summary>
internal static unsafe partial class AttentionTiles
{
    /// <summary>Lanes of a block of scores.</summary>
    private const int Lanes = AttentionShape.KeyTile;

    /// <summary>
    /// scores[r, l] = (sum over c of rows[r, c] * transposed[c, l]) * scale, chains from +0, c ascending.
    /// </summary>
    /// <param name="transposed">[depth, 64]</param>
    /// <param name="rows">[count, depth], <paramref name="rowStride"/> floats apart.</param>
    /// <param name="scores">[count, 64], only the first <paramref name="vectors"/> * 16 columns are written.</param>
    public static void Scores<T>(float* transposed, float* rows, nint rowStride, nint count, nint depth, float scale, float* scores, nint vectors)
        where T : struct, ILanes<T>
    {
        nint r = 0;
        for (; r <= count - 4; r += 4)
        {
            float* source = rows + (r * rowStride);
            float* target = scores + (r * Lanes);
            nint v = 0;
            if (T.IsWide)
            {
                if (vectors > 2)
                {
                    Scores4x4<T>(transposed, source, rowStride, depth, scale, target);
                    continue;
                }

                if (vectors == 2)
                {
                    Scores4x2<T>(transposed, source, rowStride, depth, scale, target);
                    continue;
                }
            }

            for (; v < vectors; v++)
            {
                Scores4x1<T>(transposed + (v * 16), source, rowStride, depth, scale, target + (v * 16));
            }
        }

        for (; r < count; r++)
        {
            if (vectors * LaneFold.Lanes == Lanes)
            {
                Scores1x4<T>(transposed, rows + (r * rowStride), depth, scale, scores + (r * Lanes), transposed);
                continue;
            }

            for (nint v = 0; v < vectors; v++)
            {
                Scores1x1<T>(transposed + (v * 16), rows + (r * rowStride), depth, scale, scores + (r * Lanes) + (v * 16));
            }
        }
    }

    /// <summary>
    /// output[r, c] = output[r, c] * rescale[r], then the chain += a[r, n] * b[n, c], n ascending, for 4 rows or 1.
    /// </summary>
    /// <param name="a">Element (r, n) lies at r * <paramref name="aRow"/> + n * <paramref name="aStep"/>.</param>
    /// <param name="b">[count, columns], rows <paramref name="bStride"/> floats apart.</param>
    /// <param name="output">[rows, columns], rows <paramref name="outputStride"/> floats apart.</param>
    public static void Accumulate<T>(
        int rows, float* a, nint aRow, nint aStep, float* b, nint bStride, nint count, float* output, nint outputStride, nint columns, float* rescale)
        where T : struct, ILanes<T>
    {
        if (rows < 4)
        {
            for (int r = 0; r < rows; r++)
            {
                AccumulateOne<T>(a + (r * aRow), aStep, b, bStride, count, output + (r * outputStride), columns, rescale[r], b);
            }

            return;
        }

        nint c = 0;
        if (T.IsWide)
        {
            for (; c <= columns - 64; c += 64)
            {
                Accumulate4x4<T>(a, aRow, aStep, b + c, bStride, count, output + c, outputStride, rescale);
            }

            if (c <= columns - 32)
            {
                Accumulate4x2<T>(a, aRow, aStep, b + c, bStride, count, output + c, outputStride, rescale);
                c += 32;
            }
        }

        for (; c <= columns - 16; c += 16)
        {
            Accumulate4x1<T>(a, aRow, aStep, b + c, bStride, count, output + c, outputStride, rescale);
        }

        if (c < columns)
        {
            for (int r = 0; r < 4; r++)
            {
                Accumulate1Tail<T>(a + (r * aRow), aStep, b + c, bStride, count, output + (r * outputStride) + c, columns - c, rescale[r]);
            }
        }
    }

    /// <summary>
    /// Rows of a head one behind the other: at their own distance, often a power of two, their lines share a few sets of the first and second-level cache, and each group of four readers would fetch
    /// them from further away again.
    /// </summary>
    /// <param name="rows">[count, columns], <paramref name="stride"/> floats apart.</param>
    /// <param name="copy">Room for [count, columns].</param>
    /// <returns>The rows, <paramref name="columns"/> floats from row to row: the copy, or the rows themselves where they lie so.</returns>
    public static float* SideBySide<T>(float* rows, nint stride, nint count, nint columns, float* copy)
        where T : struct, ILanes<T>
    {
        if (stride == columns)
        {
            return rows;
        }

        Copy<T>(rows, stride, copy, columns, count, columns);
        return copy;
    }

    /// <summary>to[r, c] = from[r, c]; the two do not overlap.</summary>
    /// <param name="from">[count, columns], rows <paramref name="fromStride"/> floats apart.</param>
    /// <param name="to">[count, columns], rows <paramref name="toStride"/> floats apart.</param>
    public static void Copy<T>(float* from, nint fromStride, float* to, nint toStride, nint count, nint columns)
        where T : struct, ILanes<T>
    {
        for (nint r = 0; r < count; r++)
        {
            nint c = 0;
            for (; c <= columns - LaneFold.Lanes; c += LaneFold.Lanes)
            {
                T.Store(T.Load(from + c), to + c);
            }

            if (c < columns)
            {
                T.StoreTail(T.LoadTail(from + c, columns - c, 0f), to + c, columns - c);
            }

            from += fromStride;
            to += toStride;
        }
    }

    /// <summary><see cref="Scores"/> of one row and all 64 lanes of a tile, which waits for memory: meanwhile it asks for what is read next, a line for each that it reads.</summary>
    /// <param name="ahead">What is read next; need not exist.</param>
    public static void ScoresAhead<T>(float* transposed, float* row, nint depth, float scale, float* scores, float* ahead)
        where T : struct, ILanes<T> => Scores1x4<T>(transposed, row, depth, scale, scores, ahead);

    /// <summary><see cref="Accumulate"/> of one row, rows of b side by side, which asks for what is read next.</summary>
    /// <param name="b">[count, columns]</param>
    /// <param name="ahead">What is read next; need not exist.</param>
    public static void AccumulateAhead<T>(float* a, float* b, nint count, float* output, nint columns, float rescale, float* ahead)
        where T : struct, ILanes<T> => AccumulateOne<T>(a, 1, b, columns, count, output, columns, rescale, ahead);

    private static void AccumulateOne<T>(
        float* a, nint aStep, float* b, nint bStride, nint count, float* output, nint columns, float rescale, float* ahead)
        where T : struct, ILanes<T>
    {
        nint c = 0;
        for (; c <= columns - 64; c += 64)
        {
            Accumulate1x4<T>(a, aStep, b + c, bStride, count, output + c, rescale, ahead + (c * Lanes));
        }

        for (; c <= columns - 16; c += 16)
        {
            Accumulate1x1<T>(a, aStep, b + c, bStride, count, output + c, rescale);
        }

        if (c < columns)
        {
            Accumulate1Tail<T>(a, aStep, b + c, bStride, count, output + c, columns - c, rescale);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AskFor(float* lines)
    {
        Sse.Prefetch0(lines);
        Sse.Prefetch0(lines + 16);
        Sse.Prefetch0(lines + 32);
        Sse.Prefetch0(lines + 48);
    }
}
