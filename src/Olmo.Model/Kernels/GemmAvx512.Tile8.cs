using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Kernels;

/// <content>The tile of 8 rows.</content>
internal static unsafe partial class GemmAvx512
{
    private static void Tile8(nint depth, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool load, float* next)
    {
        Vector512<float> c00, c01;
        Vector512<float> c10, c11;
        Vector512<float> c20, c21;
        Vector512<float> c30, c31;
        Vector512<float> c40, c41;
        Vector512<float> c50, c51;
        Vector512<float> c60, c61;
        Vector512<float> c70, c71;
        if (load)
        {
            float* row = c;
            c00 = Avx512F.LoadVector512(row);
            c01 = Avx512F.LoadVector512(row + 16);
            row += ldc;
            c10 = Avx512F.LoadVector512(row);
            c11 = Avx512F.LoadVector512(row + 16);
            row += ldc;
            c20 = Avx512F.LoadVector512(row);
            c21 = Avx512F.LoadVector512(row + 16);
            row += ldc;
            c30 = Avx512F.LoadVector512(row);
            c31 = Avx512F.LoadVector512(row + 16);
            row += ldc;
            c40 = Avx512F.LoadVector512(row);
            c41 = Avx512F.LoadVector512(row + 16);
            row += ldc;
            c50 = Avx512F.LoadVector512(row);
            c51 = Avx512F.LoadVector512(row + 16);
            row += ldc;
            c60 = Avx512F.LoadVector512(row);
            c61 = Avx512F.LoadVector512(row + 16);
            row += ldc;
            c70 = Avx512F.LoadVector512(row);
            c71 = Avx512F.LoadVector512(row + 16);
        }
        else
        {
            c00 = c01 = Vector512<float>.Zero;
            c10 = c11 = Vector512<float>.Zero;
            c20 = c21 = Vector512<float>.Zero;
            c30 = c31 = Vector512<float>.Zero;
            c40 = c41 = Vector512<float>.Zero;
            c50 = c51 = Vector512<float>.Zero;
            c60 = c61 = Vector512<float>.Zero;
            c70 = c71 = Vector512<float>.Zero;
        }

        for (int i = 0; i < 8; i++)
        {
            Sse.Prefetch1(next);
            Sse.Prefetch1(next + 16);
            next += ldc;
        }

        do
        {
            Sse.Prefetch0(a + (16 * lda));
            Vector512<float> b0 = Avx512F.LoadVector512(b);
            Vector512<float> b1 = Avx512F.LoadVector512(b + 16);
            Vector512<float> x = Vector512.Create(a[0]);
            c00 = Avx512F.FusedMultiplyAdd(x, b0, c00);
            c01 = Avx512F.FusedMultiplyAdd(x, b1, c01);
            x = Vector512.Create(a[1]);
            c10 = Avx512F.FusedMultiplyAdd(x, b0, c10);
            c11 = Avx512F.FusedMultiplyAdd(x, b1, c11);
            x = Vector512.Create(a[2]);
            c20 = Avx512F.FusedMultiplyAdd(x, b0, c20);
            c21 = Avx512F.FusedMultiplyAdd(x, b1, c21);
            x = Vector512.Create(a[3]);
            c30 = Avx512F.FusedMultiplyAdd(x, b0, c30);
            c31 = Avx512F.FusedMultiplyAdd(x, b1, c31);
            x = Vector512.Create(a[4]);
            c40 = Avx512F.FusedMultiplyAdd(x, b0, c40);
            c41 = Avx512F.FusedMultiplyAdd(x, b1, c41);
            x = Vector512.Create(a[5]);
            c50 = Avx512F.FusedMultiplyAdd(x, b0, c50);
            c51 = Avx512F.FusedMultiplyAdd(x, b1, c51);
            x = Vector512.Create(a[6]);
            c60 = Avx512F.FusedMultiplyAdd(x, b0, c60);
            c61 = Avx512F.FusedMultiplyAdd(x, b1, c61);
            x = Vector512.Create(a[7]);
            c70 = Avx512F.FusedMultiplyAdd(x, b0, c70);
            c71 = Avx512F.FusedMultiplyAdd(x, b1, c71);
            a += lda;
            b += ldb;
        }
        while (--depth > 0);

        c00.Store(c);
        c01.Store(c + 16);
        c += ldc;
        c10.Store(c);
        c11.Store(c + 16);
        c += ldc;
        c20.Store(c);
        c21.Store(c + 16);
        c += ldc;
        c30.Store(c);
        c31.Store(c + 16);
        c += ldc;
        c40.Store(c);
        c41.Store(c + 16);
        c += ldc;
        c50.Store(c);
        c51.Store(c + 16);
        c += ldc;
        c60.Store(c);
        c61.Store(c + 16);
        c += ldc;
        c70.Store(c);
        c71.Store(c + 16);
    }
}
