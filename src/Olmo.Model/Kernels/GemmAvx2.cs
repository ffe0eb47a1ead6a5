using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Kernels;

/// <summary>The micro-kernels for AVX2 with FMA: up to 12 of 16 registers hold a tile of C.</summary>
internal static unsafe class GemmAvx2
{
    /// <summary>Rows of the largest tile.</summary>
    public const int Rows = 6;

    /// <summary>Columns of every tile.</summary>
    public const int Columns = 16;

    /// <summary>Tiles exist for each multiple of this many rows.</summary>
    public const int RowStep = 2;

    /// <summary>
    /// c [rows, 16] = chains over <paramref name="depth"/> (at least 1) of a [depth, rows] · b [depth, 16], started from c (<paramref name="load"/>) or from +0. Row p of a and b lies
    /// <paramref name="lda"/> and <paramref name="ldb"/> floats after row p - 1. The tile at <paramref name="next"/> is what will be computed afterwards: it is fetched into the
    /// second-level cache meanwhile (rows of C a power of two apart would evict each other from the first).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Tile(nint rows, nint depth, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool load, float* next)
    {
        if (rows == 6)
        {
            Tile6(depth, a, lda, b, ldb, c, ldc, load, next);
        }
        else if (rows == 4)
        {
            Tile4(depth, a, lda, b, ldb, c, ldc, load, next);
        }
        else
        {
            Tile2(depth, a, lda, b, ldb, c, ldc, load, next);
        }
    }

    private static void Tile6(nint depth, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool load, float* next)
    {
        Vector256<float> c00, c01;
        Vector256<float> c10, c11;
        Vector256<float> c20, c21;
        Vector256<float> c30, c31;
        Vector256<float> c40, c41;
        Vector256<float> c50, c51;
        if (load)
        {
            float* row = c;
            c00 = Avx.LoadVector256(row);
            c01 = Avx.LoadVector256(row + 8);
            row += ldc;
            c10 = Avx.LoadVector256(row);
            c11 = Avx.LoadVector256(row + 8);
            row += ldc;
            c20 = Avx.LoadVector256(row);
            c21 = Avx.LoadVector256(row + 8);
            row += ldc;
            c30 = Avx.LoadVector256(row);
            c31 = Avx.LoadVector256(row + 8);
            row += ldc;
            c40 = Avx.LoadVector256(row);
            c41 = Avx.LoadVector256(row + 8);
            row += ldc;
            c50 = Avx.LoadVector256(row);
            c51 = Avx.LoadVector256(row + 8);
        }
        else
        {
            c00 = c01 = Vector256<float>.Zero;
            c10 = c11 = Vector256<float>.Zero;
            c20 = c21 = Vector256<float>.Zero;
            c30 = c31 = Vector256<float>.Zero;
            c40 = c41 = Vector256<float>.Zero;
            c50 = c51 = Vector256<float>.Zero;
        }

        for (int i = 0; i < 6; i++)
        {
            Sse.Prefetch1(next);
            next += ldc;
        }

        do
        {
            Sse.Prefetch0(a + (16 * lda));
            Vector256<float> b0 = Avx.LoadVector256(b);
            Vector256<float> b1 = Avx.LoadVector256(b + 8);
            Vector256<float> x = Vector256.Create(a[0]);
            c00 = Fma.MultiplyAdd(x, b0, c00);
            c01 = Fma.MultiplyAdd(x, b1, c01);
            x = Vector256.Create(a[1]);
            c10 = Fma.MultiplyAdd(x, b0, c10);
            c11 = Fma.MultiplyAdd(x, b1, c11);
            x = Vector256.Create(a[2]);
            c20 = Fma.MultiplyAdd(x, b0, c20);
            c21 = Fma.MultiplyAdd(x, b1, c21);
            x = Vector256.Create(a[3]);
            c30 = Fma.MultiplyAdd(x, b0, c30);
            c31 = Fma.MultiplyAdd(x, b1, c31);
            x = Vector256.Create(a[4]);
            c40 = Fma.MultiplyAdd(x, b0, c40);
            c41 = Fma.MultiplyAdd(x, b1, c41);
            x = Vector256.Create(a[5]);
            c50 = Fma.MultiplyAdd(x, b0, c50);
            c51 = Fma.MultiplyAdd(x, b1, c51);
            a += lda;
            b += ldb;
        }
        while (--depth > 0);

        c00.Store(c);
        c01.Store(c + 8);
        c += ldc;
        c10.Store(c);
        c11.Store(c + 8);
        c += ldc;
        c20.Store(c);
        c21.Store(c + 8);
        c += ldc;
        c30.Store(c);
        c31.Store(c + 8);
        c += ldc;
        c40.Store(c);
        c41.Store(c + 8);
        c += ldc;
        c50.Store(c);
        c51.Store(c + 8);
    }

    private static void Tile4(nint depth, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool load, float* next)
    {
        Vector256<float> c00, c01;
        Vector256<float> c10, c11;
        Vector256<float> c20, c21;
        Vector256<float> c30, c31;
        if (load)
        {
            float* row = c;
            c00 = Avx.LoadVector256(row);
            c01 = Avx.LoadVector256(row + 8);
            row += ldc;
            c10 = Avx.LoadVector256(row);
            c11 = Avx.LoadVector256(row + 8);
            row += ldc;
            c20 = Avx.LoadVector256(row);
            c21 = Avx.LoadVector256(row + 8);
            row += ldc;
            c30 = Avx.LoadVector256(row);
            c31 = Avx.LoadVector256(row + 8);
        }
        else
        {
            c00 = c01 = Vector256<float>.Zero;
            c10 = c11 = Vector256<float>.Zero;
            c20 = c21 = Vector256<float>.Zero;
            c30 = c31 = Vector256<float>.Zero;
        }

        for (int i = 0; i < 4; i++)
        {
            Sse.Prefetch1(next);
            next += ldc;
        }

        do
        {
            Sse.Prefetch0(a + (16 * lda));
            Vector256<float> b0 = Avx.LoadVector256(b);
            Vector256<float> b1 = Avx.LoadVector256(b + 8);
            Vector256<float> x = Vector256.Create(a[0]);
            c00 = Fma.MultiplyAdd(x, b0, c00);
            c01 = Fma.MultiplyAdd(x, b1, c01);
            x = Vector256.Create(a[1]);
            c10 = Fma.MultiplyAdd(x, b0, c10);
            c11 = Fma.MultiplyAdd(x, b1, c11);
            x = Vector256.Create(a[2]);
            c20 = Fma.MultiplyAdd(x, b0, c20);
            c21 = Fma.MultiplyAdd(x, b1, c21);
            x = Vector256.Create(a[3]);
            c30 = Fma.MultiplyAdd(x, b0, c30);
            c31 = Fma.MultiplyAdd(x, b1, c31);
            a += lda;
            b += ldb;
        }
        while (--depth > 0);

        c00.Store(c);
        c01.Store(c + 8);
        c += ldc;
        c10.Store(c);
        c11.Store(c + 8);
        c += ldc;
        c20.Store(c);
        c21.Store(c + 8);
        c += ldc;
        c30.Store(c);
        c31.Store(c + 8);
    }

    private static void Tile2(nint depth, float* a, nint lda, float* b, nint ldb, float* c, nint ldc, bool load, float* next)
    {
        Vector256<float> c00, c01;
        Vector256<float> c10, c11;
        if (load)
        {
            float* row = c;
            c00 = Avx.LoadVector256(row);
            c01 = Avx.LoadVector256(row + 8);
            row += ldc;
            c10 = Avx.LoadVector256(row);
            c11 = Avx.LoadVector256(row + 8);
        }
        else
        {
            c00 = c01 = Vector256<float>.Zero;
            c10 = c11 = Vector256<float>.Zero;
        }

        for (int i = 0; i < 2; i++)
        {
            Sse.Prefetch1(next);
            next += ldc;
        }

        do
        {
            Sse.Prefetch0(a + (16 * lda));
            Vector256<float> b0 = Avx.LoadVector256(b);
            Vector256<float> b1 = Avx.LoadVector256(b + 8);
            Vector256<float> x = Vector256.Create(a[0]);
            c00 = Fma.MultiplyAdd(x, b0, c00);
            c01 = Fma.MultiplyAdd(x, b1, c01);
            x = Vector256.Create(a[1]);
            c10 = Fma.MultiplyAdd(x, b0, c10);
            c11 = Fma.MultiplyAdd(x, b1, c11);
            a += lda;
            b += ldb;
        }
        while (--depth > 0);

        c00.Store(c);
        c01.Store(c + 8);
        c += ldc;
        c10.Store(c);
        c11.Store(c + 8);
    }
}
