namespace Olmo.Model.Kernels;

internal static unsafe partial class AttentionTiles
{
    private static void Accumulate4x4<T>(
        float* a, nint aRow, nint aStep, float* b, nint bStride, nint count, float* output, nint outputStride, float* rescale)
        where T : struct, ILanes<T>
    {
        T f0 = T.Splat(rescale[0]);
        T s00 = T.Load(output) * f0;
        T s01 = T.Load(output + 16) * f0;
        T s02 = T.Load(output + 32) * f0;
        T s03 = T.Load(output + 48) * f0;
        T f1 = T.Splat(rescale[1]);
        T s10 = T.Load(output + outputStride) * f1;
        T s11 = T.Load(output + outputStride + 16) * f1;
        T s12 = T.Load(output + outputStride + 32) * f1;
        T s13 = T.Load(output + outputStride + 48) * f1;
        T f2 = T.Splat(rescale[2]);
        T s20 = T.Load(output + (2 * outputStride)) * f2;
        T s21 = T.Load(output + (2 * outputStride) + 16) * f2;
        T s22 = T.Load(output + (2 * outputStride) + 32) * f2;
        T s23 = T.Load(output + (2 * outputStride) + 48) * f2;
        T f3 = T.Splat(rescale[3]);
        T s30 = T.Load(output + (3 * outputStride)) * f3;
        T s31 = T.Load(output + (3 * outputStride) + 16) * f3;
        T s32 = T.Load(output + (3 * outputStride) + 32) * f3;
        T s33 = T.Load(output + (3 * outputStride) + 48) * f3;
        float* a1 = a + aRow;
        float* a2 = a + (2 * aRow);
        float* a3 = a + (3 * aRow);
        nint at = 0;
        for (nint n = 0; n < count; n++)
        {
            T b0 = T.Load(b);
            T b1 = T.Load(b + 16);
            T b2 = T.Load(b + 32);
            T b3 = T.Load(b + 48);
            T p0 = T.Splat(a[at]);
            s00 = T.Fma(p0, b0, s00);
            s01 = T.Fma(p0, b1, s01);
            s02 = T.Fma(p0, b2, s02);
            s03 = T.Fma(p0, b3, s03);
            T p1 = T.Splat(a1[at]);
            s10 = T.Fma(p1, b0, s10);
            s11 = T.Fma(p1, b1, s11);
            s12 = T.Fma(p1, b2, s12);
            s13 = T.Fma(p1, b3, s13);
            T p2 = T.Splat(a2[at]);
            s20 = T.Fma(p2, b0, s20);
            s21 = T.Fma(p2, b1, s21);
            s22 = T.Fma(p2, b2, s22);
            s23 = T.Fma(p2, b3, s23);
            T p3 = T.Splat(a3[at]);
            s30 = T.Fma(p3, b0, s30);
            s31 = T.Fma(p3, b1, s31);
            s32 = T.Fma(p3, b2, s32);
            s33 = T.Fma(p3, b3, s33);
            at += aStep;
            b += bStride;
        }

        T.Store(s00, output);
        T.Store(s01, output + 16);
        T.Store(s02, output + 32);
        T.Store(s03, output + 48);
        T.Store(s10, output + outputStride);
        T.Store(s11, output + outputStride + 16);
        T.Store(s12, output + outputStride + 32);
        T.Store(s13, output + outputStride + 48);
        T.Store(s20, output + (2 * outputStride));
        T.Store(s21, output + (2 * outputStride) + 16);
        T.Store(s22, output + (2 * outputStride) + 32);
        T.Store(s23, output + (2 * outputStride) + 48);
        T.Store(s30, output + (3 * outputStride));
        T.Store(s31, output + (3 * outputStride) + 16);
        T.Store(s32, output + (3 * outputStride) + 32);
        T.Store(s33, output + (3 * outputStride) + 48);
    }

    private static void Accumulate4x2<T>(
        float* a, nint aRow, nint aStep, float* b, nint bStride, nint count, float* output, nint outputStride, float* rescale)
        where T : struct, ILanes<T>
    {
        T f0 = T.Splat(rescale[0]);
        T s00 = T.Load(output) * f0;
        T s01 = T.Load(output + 16) * f0;
        T f1 = T.Splat(rescale[1]);
        T s10 = T.Load(output + outputStride) * f1;
        T s11 = T.Load(output + outputStride + 16) * f1;
        T f2 = T.Splat(rescale[2]);
        T s20 = T.Load(output + (2 * outputStride)) * f2;
        T s21 = T.Load(output + (2 * outputStride) + 16) * f2;
        T f3 = T.Splat(rescale[3]);
        T s30 = T.Load(output + (3 * outputStride)) * f3;
        T s31 = T.Load(output + (3 * outputStride) + 16) * f3;
        float* a1 = a + aRow;
        float* a2 = a + (2 * aRow);
        float* a3 = a + (3 * aRow);
        nint at = 0;
        for (nint n = 0; n < count; n++)
        {
            T b0 = T.Load(b);
            T b1 = T.Load(b + 16);
            T p0 = T.Splat(a[at]);
            s00 = T.Fma(p0, b0, s00);
            s01 = T.Fma(p0, b1, s01);
            T p1 = T.Splat(a1[at]);
            s10 = T.Fma(p1, b0, s10);
            s11 = T.Fma(p1, b1, s11);
            T p2 = T.Splat(a2[at]);
            s20 = T.Fma(p2, b0, s20);
            s21 = T.Fma(p2, b1, s21);
            T p3 = T.Splat(a3[at]);
            s30 = T.Fma(p3, b0, s30);
            s31 = T.Fma(p3, b1, s31);
            at += aStep;
            b += bStride;
        }

        T.Store(s00, output);
        T.Store(s01, output + 16);
        T.Store(s10, output + outputStride);
        T.Store(s11, output + outputStride + 16);
        T.Store(s20, output + (2 * outputStride));
        T.Store(s21, output + (2 * outputStride) + 16);
        T.Store(s30, output + (3 * outputStride));
        T.Store(s31, output + (3 * outputStride) + 16);
    }

    private static void Accumulate4x1<T>(
        float* a, nint aRow, nint aStep, float* b, nint bStride, nint count, float* output, nint outputStride, float* rescale)
        where T : struct, ILanes<T>
    {
        T f0 = T.Splat(rescale[0]);
        T s00 = T.Load(output) * f0;
        T f1 = T.Splat(rescale[1]);
        T s10 = T.Load(output + outputStride) * f1;
        T f2 = T.Splat(rescale[2]);
        T s20 = T.Load(output + (2 * outputStride)) * f2;
        T f3 = T.Splat(rescale[3]);
        T s30 = T.Load(output + (3 * outputStride)) * f3;
        float* a1 = a + aRow;
        float* a2 = a + (2 * aRow);
        float* a3 = a + (3 * aRow);
        nint at = 0;
        for (nint n = 0; n < count; n++)
        {
            T b0 = T.Load(b);
            T p0 = T.Splat(a[at]);
            s00 = T.Fma(p0, b0, s00);
            T p1 = T.Splat(a1[at]);
            s10 = T.Fma(p1, b0, s10);
            T p2 = T.Splat(a2[at]);
            s20 = T.Fma(p2, b0, s20);
            T p3 = T.Splat(a3[at]);
            s30 = T.Fma(p3, b0, s30);
            at += aStep;
            b += bStride;
        }

        T.Store(s00, output);
        T.Store(s10, output + outputStride);
        T.Store(s20, output + (2 * outputStride));
        T.Store(s30, output + (3 * outputStride));
    }

    // What lies ahead is asked for, a line for each that is read.
    private static void Accumulate1x4<T>(
        float* a, nint aStep, float* b, nint bStride, nint count, float* output, float rescale, float* ahead)
        where T : struct, ILanes<T>
    {
        T f0 = T.Splat(rescale);
        T s00 = T.Load(output) * f0;
        T s01 = T.Load(output + 16) * f0;
        T s02 = T.Load(output + 32) * f0;
        T s03 = T.Load(output + 48) * f0;
        nint at = 0;
        for (nint n = 0; n < count; n++)
        {
            AskFor(ahead);
            T b0 = T.Load(b);
            T b1 = T.Load(b + 16);
            T b2 = T.Load(b + 32);
            T b3 = T.Load(b + 48);
            T p0 = T.Splat(a[at]);
            s00 = T.Fma(p0, b0, s00);
            s01 = T.Fma(p0, b1, s01);
            s02 = T.Fma(p0, b2, s02);
            s03 = T.Fma(p0, b3, s03);
            at += aStep;
            b += bStride;
            ahead += Lanes;
        }

        T.Store(s00, output);
        T.Store(s01, output + 16);
        T.Store(s02, output + 32);
        T.Store(s03, output + 48);
    }

    private static void Accumulate1x1<T>(
        float* a, nint aStep, float* b, nint bStride, nint count, float* output, float rescale)
        where T : struct, ILanes<T>
    {
        T f0 = T.Splat(rescale);
        T s00 = T.Load(output) * f0;
        nint at = 0;
        for (nint n = 0; n < count; n++)
        {
            T b0 = T.Load(b);
            T p0 = T.Splat(a[at]);
            s00 = T.Fma(p0, b0, s00);
            at += aStep;
            b += bStride;
        }

        T.Store(s00, output);
    }

    private static void Accumulate1Tail<T>(
        float* a, nint aStep, float* b, nint bStride, nint count, float* output, nint columns, float rescale)
        where T : struct, ILanes<T>
    {
        T s = T.LoadTail(output, columns, 0f) * T.Splat(rescale);
        for (nint n = 0; n < count; n++)
        {
            s = T.Fma(T.Splat(a[n * aStep]), T.LoadTail(b + (n * bStride), columns, 0f), s);
        }

        T.StoreTail(s, output, columns);
    }
}
