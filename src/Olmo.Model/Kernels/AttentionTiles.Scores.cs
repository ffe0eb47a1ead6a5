namespace Olmo.Model.Kernels;

internal static unsafe partial class AttentionTiles
{
    private static void Scores4x4<T>(float* transposed, float* rows, nint rowStride, nint depth, float scale, float* scores)
        where T : struct, ILanes<T>
    {
        T s00 = T.Splat(0f);
        T s01 = T.Splat(0f);
        T s02 = T.Splat(0f);
        T s03 = T.Splat(0f);
        T s10 = T.Splat(0f);
        T s11 = T.Splat(0f);
        T s12 = T.Splat(0f);
        T s13 = T.Splat(0f);
        T s20 = T.Splat(0f);
        T s21 = T.Splat(0f);
        T s22 = T.Splat(0f);
        T s23 = T.Splat(0f);
        T s30 = T.Splat(0f);
        T s31 = T.Splat(0f);
        T s32 = T.Splat(0f);
        T s33 = T.Splat(0f);
        float* row1 = rows + rowStride;
        float* row2 = rows + (2 * rowStride);
        float* row3 = rows + (3 * rowStride);
        for (nint c = 0; c < depth; c++)
        {
            T b0 = T.Load(transposed);
            T b1 = T.Load(transposed + 16);
            T b2 = T.Load(transposed + 32);
            T b3 = T.Load(transposed + 48);
            T a0 = T.Splat(rows[c]);
            s00 = T.Fma(a0, b0, s00);
            s01 = T.Fma(a0, b1, s01);
            s02 = T.Fma(a0, b2, s02);
            s03 = T.Fma(a0, b3, s03);
            T a1 = T.Splat(row1[c]);
            s10 = T.Fma(a1, b0, s10);
            s11 = T.Fma(a1, b1, s11);
            s12 = T.Fma(a1, b2, s12);
            s13 = T.Fma(a1, b3, s13);
            T a2 = T.Splat(row2[c]);
            s20 = T.Fma(a2, b0, s20);
            s21 = T.Fma(a2, b1, s21);
            s22 = T.Fma(a2, b2, s22);
            s23 = T.Fma(a2, b3, s23);
            T a3 = T.Splat(row3[c]);
            s30 = T.Fma(a3, b0, s30);
            s31 = T.Fma(a3, b1, s31);
            s32 = T.Fma(a3, b2, s32);
            s33 = T.Fma(a3, b3, s33);
            transposed += Lanes;
        }

        T factor = T.Splat(scale);
        T.Store(s00 * factor, scores);
        T.Store(s01 * factor, scores + 16);
        T.Store(s02 * factor, scores + 32);
        T.Store(s03 * factor, scores + 48);
        T.Store(s10 * factor, scores + Lanes);
        T.Store(s11 * factor, scores + Lanes + 16);
        T.Store(s12 * factor, scores + Lanes + 32);
        T.Store(s13 * factor, scores + Lanes + 48);
        T.Store(s20 * factor, scores + (2 * Lanes));
        T.Store(s21 * factor, scores + (2 * Lanes) + 16);
        T.Store(s22 * factor, scores + (2 * Lanes) + 32);
        T.Store(s23 * factor, scores + (2 * Lanes) + 48);
        T.Store(s30 * factor, scores + (3 * Lanes));
        T.Store(s31 * factor, scores + (3 * Lanes) + 16);
        T.Store(s32 * factor, scores + (3 * Lanes) + 32);
        T.Store(s33 * factor, scores + (3 * Lanes) + 48);
    }

    private static void Scores4x2<T>(float* transposed, float* rows, nint rowStride, nint depth, float scale, float* scores)
        where T : struct, ILanes<T>
    {
        T s00 = T.Splat(0f);
        T s01 = T.Splat(0f);
        T s10 = T.Splat(0f);
        T s11 = T.Splat(0f);
        T s20 = T.Splat(0f);
        T s21 = T.Splat(0f);
        T s30 = T.Splat(0f);
        T s31 = T.Splat(0f);
        float* row1 = rows + rowStride;
        float* row2 = rows + (2 * rowStride);
        float* row3 = rows + (3 * rowStride);
        for (nint c = 0; c < depth; c++)
        {
            T b0 = T.Load(transposed);
            T b1 = T.Load(transposed + 16);
            T a0 = T.Splat(rows[c]);
            s00 = T.Fma(a0, b0, s00);
            s01 = T.Fma(a0, b1, s01);
            T a1 = T.Splat(row1[c]);
            s10 = T.Fma(a1, b0, s10);
            s11 = T.Fma(a1, b1, s11);
            T a2 = T.Splat(row2[c]);
            s20 = T.Fma(a2, b0, s20);
            s21 = T.Fma(a2, b1, s21);
            T a3 = T.Splat(row3[c]);
            s30 = T.Fma(a3, b0, s30);
            s31 = T.Fma(a3, b1, s31);
            transposed += Lanes;
        }

        T factor = T.Splat(scale);
        T.Store(s00 * factor, scores);
        T.Store(s01 * factor, scores + 16);
        T.Store(s10 * factor, scores + Lanes);
        T.Store(s11 * factor, scores + Lanes + 16);
        T.Store(s20 * factor, scores + (2 * Lanes));
        T.Store(s21 * factor, scores + (2 * Lanes) + 16);
        T.Store(s30 * factor, scores + (3 * Lanes));
        T.Store(s31 * factor, scores + (3 * Lanes) + 16);
    }

    private static void Scores4x1<T>(float* transposed, float* rows, nint rowStride, nint depth, float scale, float* scores)
        where T : struct, ILanes<T>
    {
        T s00 = T.Splat(0f);
        T s10 = T.Splat(0f);
        T s20 = T.Splat(0f);
        T s30 = T.Splat(0f);
        float* row1 = rows + rowStride;
        float* row2 = rows + (2 * rowStride);
        float* row3 = rows + (3 * rowStride);
        for (nint c = 0; c < depth; c++)
        {
            T b0 = T.Load(transposed);
            T a0 = T.Splat(rows[c]);
            s00 = T.Fma(a0, b0, s00);
            T a1 = T.Splat(row1[c]);
            s10 = T.Fma(a1, b0, s10);
            T a2 = T.Splat(row2[c]);
            s20 = T.Fma(a2, b0, s20);
            T a3 = T.Splat(row3[c]);
            s30 = T.Fma(a3, b0, s30);
            transposed += Lanes;
        }

        T factor = T.Splat(scale);
        T.Store(s00 * factor, scores);
        T.Store(s10 * factor, scores + Lanes);
        T.Store(s20 * factor, scores + (2 * Lanes));
        T.Store(s30 * factor, scores + (3 * Lanes));
    }

    // Four chains, so that the next step need not wait for the last one's multiply-add. What lies ahead is asked for, a line for each that is read.
    private static void Scores1x4<T>(float* transposed, float* row, nint depth, float scale, float* scores, float* ahead)
        where T : struct, ILanes<T>
    {
        T s00 = T.Splat(0f);
        T s01 = T.Splat(0f);
        T s02 = T.Splat(0f);
        T s03 = T.Splat(0f);
        for (nint c = 0; c < depth; c++)
        {
            AskFor(ahead);
            T a0 = T.Splat(row[c]);
            s00 = T.Fma(a0, T.Load(transposed), s00);
            s01 = T.Fma(a0, T.Load(transposed + 16), s01);
            s02 = T.Fma(a0, T.Load(transposed + 32), s02);
            s03 = T.Fma(a0, T.Load(transposed + 48), s03);
            transposed += Lanes;
            ahead += Lanes;
        }

        T factor = T.Splat(scale);
        T.Store(s00 * factor, scores);
        T.Store(s01 * factor, scores + 16);
        T.Store(s02 * factor, scores + 32);
        T.Store(s03 * factor, scores + 48);
    }

    private static void Scores1x1<T>(float* transposed, float* rows, nint depth, float scale, float* scores)
        where T : struct, ILanes<T>
    {
        T s00 = T.Splat(0f);
        for (nint c = 0; c < depth; c++)
        {
            T b0 = T.Load(transposed);
            T a0 = T.Splat(rows[c]);
            s00 = T.Fma(a0, b0, s00);
            transposed += Lanes;
        }

        T factor = T.Splat(scale);
        T.Store(s00 * factor, scores);
    }
}
