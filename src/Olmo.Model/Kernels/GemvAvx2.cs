using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Kernels;

/// <summary>The inner loops of <see cref="Gemv"/> for AVX2: panels of 16 lanes.</summary>
internal static unsafe class GemvAvx2
{
    private const int Lanes = 16;
    private const int Vector = 8;
    private const int Ahead = 1024; // bytes, as for AVX-512

    /// <summary>Four panels: c [lanes] of each = chains over <paramref name="depth"/> of a · panel, started from c (<paramref name="load"/>) or from +0. Panels lie <paramref name="distance"/> apart, their columns of c <paramref name="columns"/>; those of the last are at <paramref name="last"/>.</summary>
    public static void Quad(nint depth, float* a, float* b, nint distance, float* c, nint columns, float* last, bool load)
    {
        float* b1 = b + distance;
        float* b2 = b1 + distance;
        float* b3 = b2 + distance;
        float* d1 = c + columns;
        float* d2 = d1 + columns;
        Vector256<float> c0 = load ? Avx.LoadVector256(c) : Vector256<float>.Zero;
        Vector256<float> c1 = load ? Avx.LoadVector256(c + Vector) : Vector256<float>.Zero;
        Vector256<float> c2 = load ? Avx.LoadVector256(d1) : Vector256<float>.Zero;
        Vector256<float> c3 = load ? Avx.LoadVector256(d1 + Vector) : Vector256<float>.Zero;
        Vector256<float> c4 = load ? Avx.LoadVector256(d2) : Vector256<float>.Zero;
        Vector256<float> c5 = load ? Avx.LoadVector256(d2 + Vector) : Vector256<float>.Zero;
        Vector256<float> c6 = load ? Avx.LoadVector256(last) : Vector256<float>.Zero;
        Vector256<float> c7 = load ? Avx.LoadVector256(last + Vector) : Vector256<float>.Zero;
        nint end = depth * Lanes;
        for (nint p = 0; p < end; p += Lanes)
        {
            Sse.PrefetchNonTemporal(b + p + (Ahead / sizeof(float)));
            Sse.PrefetchNonTemporal(b1 + p + (Ahead / sizeof(float)));
            Sse.PrefetchNonTemporal(b2 + p + (Ahead / sizeof(float)));
            Sse.PrefetchNonTemporal(b3 + p + (Ahead / sizeof(float)));
            Vector256<float> x = Vector256.Create(*a++);
            c0 = Fma.MultiplyAdd(x, Avx.LoadVector256(b + p), c0);
            c1 = Fma.MultiplyAdd(x, Avx.LoadVector256(b + p + Vector), c1);
            c2 = Fma.MultiplyAdd(x, Avx.LoadVector256(b1 + p), c2);
            c3 = Fma.MultiplyAdd(x, Avx.LoadVector256(b1 + p + Vector), c3);
            c4 = Fma.MultiplyAdd(x, Avx.LoadVector256(b2 + p), c4);
            c5 = Fma.MultiplyAdd(x, Avx.LoadVector256(b2 + p + Vector), c5);
            c6 = Fma.MultiplyAdd(x, Avx.LoadVector256(b3 + p), c6);
            c7 = Fma.MultiplyAdd(x, Avx.LoadVector256(b3 + p + Vector), c7);
        }

        c0.Store(c);
        c1.Store(c + Vector);
        c2.Store(d1);
        c3.Store(d1 + Vector);
        c4.Store(d2);
        c5.Store(d2 + Vector);
        c6.Store(last);
        c7.Store(last + Vector);
    }

    /// <summary>The same for panels in bf16.</summary>
    public static void QuadBFloat16(nint depth, float* a, ushort* b, nint distance, float* c, nint columns, float* last, bool load)
    {
        ushort* b1 = b + distance;
        ushort* b2 = b1 + distance;
        ushort* b3 = b2 + distance;
        float* d1 = c + columns;
        float* d2 = d1 + columns;
        Vector256<float> c0 = load ? Avx.LoadVector256(c) : Vector256<float>.Zero;
        Vector256<float> c1 = load ? Avx.LoadVector256(c + Vector) : Vector256<float>.Zero;
        Vector256<float> c2 = load ? Avx.LoadVector256(d1) : Vector256<float>.Zero;
        Vector256<float> c3 = load ? Avx.LoadVector256(d1 + Vector) : Vector256<float>.Zero;
        Vector256<float> c4 = load ? Avx.LoadVector256(d2) : Vector256<float>.Zero;
        Vector256<float> c5 = load ? Avx.LoadVector256(d2 + Vector) : Vector256<float>.Zero;
        Vector256<float> c6 = load ? Avx.LoadVector256(last) : Vector256<float>.Zero;
        Vector256<float> c7 = load ? Avx.LoadVector256(last + Vector) : Vector256<float>.Zero;
        Vector256<uint> upper = Vector256.Create(0xFFFF0000u);
        nint end = depth * Lanes;
        for (nint p = 0; p < end; p += Lanes)
        {
            Sse.Prefetch0(b + p + (Ahead / sizeof(ushort)));
            Sse.Prefetch0(b1 + p + (Ahead / sizeof(ushort)));
            Sse.Prefetch0(b2 + p + (Ahead / sizeof(ushort)));
            Sse.Prefetch0(b3 + p + (Ahead / sizeof(ushort)));
            Vector256<float> x = Vector256.Create(*a++);
            Vector256<uint> w0 = Avx.LoadVector256((uint*)(b + p));
            c0 = Fma.MultiplyAdd(x, Avx2.ShiftLeftLogical(w0, 16).AsSingle(), c0);
            c1 = Fma.MultiplyAdd(x, (w0 & upper).AsSingle(), c1);
            Vector256<uint> w1 = Avx.LoadVector256((uint*)(b1 + p));
            c2 = Fma.MultiplyAdd(x, Avx2.ShiftLeftLogical(w1, 16).AsSingle(), c2);
            c3 = Fma.MultiplyAdd(x, (w1 & upper).AsSingle(), c3);
            Vector256<uint> w2 = Avx.LoadVector256((uint*)(b2 + p));
            c4 = Fma.MultiplyAdd(x, Avx2.ShiftLeftLogical(w2, 16).AsSingle(), c4);
            c5 = Fma.MultiplyAdd(x, (w2 & upper).AsSingle(), c5);
            Vector256<uint> w3 = Avx.LoadVector256((uint*)(b3 + p));
            c6 = Fma.MultiplyAdd(x, Avx2.ShiftLeftLogical(w3, 16).AsSingle(), c6);
            c7 = Fma.MultiplyAdd(x, (w3 & upper).AsSingle(), c7);
        }

        c0.Store(c);
        c1.Store(c + Vector);
        c2.Store(d1);
        c3.Store(d1 + Vector);
        c4.Store(d2);
        c5.Store(d2 + Vector);
        c6.Store(last);
        c7.Store(last + Vector);
    }

    /// <summary>One panel.</summary>
    public static void Single(nint depth, float* a, float* b, float* c, bool load)
    {
        Vector256<float> c0 = load ? Avx.LoadVector256(c) : Vector256<float>.Zero;
        Vector256<float> c1 = load ? Avx.LoadVector256(c + Vector) : Vector256<float>.Zero;
        for (float* end = a + depth; a < end; a++)
        {
            Vector256<float> x = Vector256.Create(*a);
            c0 = Fma.MultiplyAdd(x, Avx.LoadVector256(b), c0);
            c1 = Fma.MultiplyAdd(x, Avx.LoadVector256(b + Vector), c1);
            b += Lanes;
        }

        c0.Store(c);
        c1.Store(c + Vector);
    }

    /// <summary>The same for a panel in bf16.</summary>
    public static void SingleBFloat16(nint depth, float* a, ushort* b, float* c, bool load)
    {
        Vector256<float> c0 = load ? Avx.LoadVector256(c) : Vector256<float>.Zero;
        Vector256<float> c1 = load ? Avx.LoadVector256(c + Vector) : Vector256<float>.Zero;
        Vector256<uint> upper = Vector256.Create(0xFFFF0000u);
        for (float* end = a + depth; a < end; a++)
        {
            Vector256<float> x = Vector256.Create(*a);
            Vector256<uint> w = Avx.LoadVector256((uint*)b);
            c0 = Fma.MultiplyAdd(x, Avx2.ShiftLeftLogical(w, 16).AsSingle(), c0);
            c1 = Fma.MultiplyAdd(x, (w & upper).AsSingle(), c1);
            b += Lanes;
        }

        c0.Store(c);
        c1.Store(c + Vector);
    }
}
