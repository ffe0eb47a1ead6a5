using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Kernels;

/// <content>The tile of 4 rows.</content>
internal static unsafe partial class GemmAvx512
{
    private static void Tile4(nint depth, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool load, float* next)
    {
        Vector512<float> c00, c01;
        Vector512<float> c10, c11;
        Vector512<float> c20, c21;
        Vector512<float> c30, c31;
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
        }
        else
        {
            c00 = c01 = Vector512<float>.Zero;
            c10 = c11 = Vector512<float>.Zero;
            c20 = c21 = Vector512<float>.Zero;
            c30 = c31 = Vector512<float>.Zero;
        }

        for (int i = 0; i < 4; i++)
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
    }
}
