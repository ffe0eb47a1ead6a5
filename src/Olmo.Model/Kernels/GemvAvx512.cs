using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Kernels;

/// <summary>The inner loops of <see cref="Gemv"/> for AVX-512: panels of 32 lanes.</summary>
internal static unsafe class GemvAvx512
{
    private const int Lanes = 32;
    private const int Vector = 16;

    // The lines of so many bytes ahead are asked for in each stream: the processor's own prefetch and the loads that fit its window are too few where each line takes several instructions.
    private const int Ahead = 1024;

    /// <summary>Four panels: c [lanes] of each = chains over <paramref name="depth"/> of a · panel, started from c (<paramref name="load"/>) or from +0. Panels lie <paramref name="distance"/> apart, their columns of c <paramref name="columns"/>; those of the last are at <paramref name="last"/>.</summary>
    public static void Quad(nint depth, float* a, float* b, nint distance, float* c, nint columns, float* last, bool load)
    {
        float* b1 = b + distance;
        float* b2 = b1 + distance;
        float* b3 = b2 + distance;
        float* d1 = c + columns;
        float* d2 = d1 + columns;
        Vector512<float> c0 = load ? Avx512F.LoadVector512(c) : Vector512<float>.Zero;
        Vector512<float> c1 = load ? Avx512F.LoadVector512(c + Vector) : Vector512<float>.Zero;
        Vector512<float> c2 = load ? Avx512F.LoadVector512(d1) : Vector512<float>.Zero;
        Vector512<float> c3 = load ? Avx512F.LoadVector512(d1 + Vector) : Vector512<float>.Zero;
        Vector512<float> c4 = load ? Avx512F.LoadVector512(d2) : Vector512<float>.Zero;
        Vector512<float> c5 = load ? Avx512F.LoadVector512(d2 + Vector) : Vector512<float>.Zero;
        Vector512<float> c6 = load ? Avx512F.LoadVector512(last) : Vector512<float>.Zero;
        Vector512<float> c7 = load ? Avx512F.LoadVector512(last + Vector) : Vector512<float>.Zero;
        nint end = depth * Lanes;
        for (nint p = 0; p < end; p += Lanes)
        {
            Sse.PrefetchNonTemporal(b + p + (Ahead / sizeof(float)));
            Sse.PrefetchNonTemporal(b + p + (Ahead / sizeof(float)) + 16);
            Sse.PrefetchNonTemporal(b1 + p + (Ahead / sizeof(float)));
            Sse.PrefetchNonTemporal(b1 + p + (Ahead / sizeof(float)) + 16);
            Sse.PrefetchNonTemporal(b2 + p + (Ahead / sizeof(float)));
            Sse.PrefetchNonTemporal(b2 + p + (Ahead / sizeof(float)) + 16);
            Sse.PrefetchNonTemporal(b3 + p + (Ahead / sizeof(float)));
            Sse.PrefetchNonTemporal(b3 + p + (Ahead / sizeof(float)) + 16);
            Vector512<float> x = Vector512.Create(*a++);
            c0 = Avx512F.FusedMultiplyAdd(x, Avx512F.LoadVector512(b + p), c0);
            c1 = Avx512F.FusedMultiplyAdd(x, Avx512F.LoadVector512(b + p + Vector), c1);
            c2 = Avx512F.FusedMultiplyAdd(x, Avx512F.LoadVector512(b1 + p), c2);
            c3 = Avx512F.FusedMultiplyAdd(x, Avx512F.LoadVector512(b1 + p + Vector), c3);
            c4 = Avx512F.FusedMultiplyAdd(x, Avx512F.LoadVector512(b2 + p), c4);
            c5 = Avx512F.FusedMultiplyAdd(x, Avx512F.LoadVector512(b2 + p + Vector), c5);
            c6 = Avx512F.FusedMultiplyAdd(x, Avx512F.LoadVector512(b3 + p), c6);
            c7 = Avx512F.FusedMultiplyAdd(x, Avx512F.LoadVector512(b3 + p + Vector), c7);
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
        Vector512<float> c0 = load ? Avx512F.LoadVector512(c) : Vector512<float>.Zero;
        Vector512<float> c1 = load ? Avx512F.LoadVector512(c + Vector) : Vector512<float>.Zero;
        Vector512<float> c2 = load ? Avx512F.LoadVector512(d1) : Vector512<float>.Zero;
        Vector512<float> c3 = load ? Avx512F.LoadVector512(d1 + Vector) : Vector512<float>.Zero;
        Vector512<float> c4 = load ? Avx512F.LoadVector512(d2) : Vector512<float>.Zero;
        Vector512<float> c5 = load ? Avx512F.LoadVector512(d2 + Vector) : Vector512<float>.Zero;
        Vector512<float> c6 = load ? Avx512F.LoadVector512(last) : Vector512<float>.Zero;
        Vector512<float> c7 = load ? Avx512F.LoadVector512(last + Vector) : Vector512<float>.Zero;
        Vector512<uint> upper = Vector512.Create(0xFFFF0000u);
        nint end = depth * Lanes;
        for (nint p = 0; p < end; p += Lanes)
        {
            Sse.Prefetch0(b + p + (Ahead / sizeof(ushort)));
            Sse.Prefetch0(b1 + p + (Ahead / sizeof(ushort)));
            Sse.Prefetch0(b2 + p + (Ahead / sizeof(ushort)));
            Sse.Prefetch0(b3 + p + (Ahead / sizeof(ushort)));
            Vector512<float> x = Vector512.Create(*a++);
            Vector512<uint> w0 = Avx512F.LoadVector512((uint*)(b + p));
            c0 = Avx512F.FusedMultiplyAdd(x, Avx512F.ShiftLeftLogical(w0, 16).AsSingle(), c0);
            c1 = Avx512F.FusedMultiplyAdd(x, (w0 & upper).AsSingle(), c1);
            Vector512<uint> w1 = Avx512F.LoadVector512((uint*)(b1 + p));
            c2 = Avx512F.FusedMultiplyAdd(x, Avx512F.ShiftLeftLogical(w1, 16).AsSingle(), c2);
            c3 = Avx512F.FusedMultiplyAdd(x, (w1 & upper).AsSingle(), c3);
            Vector512<uint> w2 = Avx512F.LoadVector512((uint*)(b2 + p));
            c4 = Avx512F.FusedMultiplyAdd(x, Avx512F.ShiftLeftLogical(w2, 16).AsSingle(), c4);
            c5 = Avx512F.FusedMultiplyAdd(x, (w2 & upper).AsSingle(), c5);
            Vector512<uint> w3 = Avx512F.LoadVector512((uint*)(b3 + p));
            c6 = Avx512F.FusedMultiplyAdd(x, Avx512F.ShiftLeftLogical(w3, 16).AsSingle(), c6);
            c7 = Avx512F.FusedMultiplyAdd(x, (w3 & upper).AsSingle(), c7);
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
        Vector512<float> c0 = load ? Avx512F.LoadVector512(c) : Vector512<float>.Zero;
        Vector512<float> c1 = load ? Avx512F.LoadVector512(c + Vector) : Vector512<float>.Zero;
        for (float* end = a + depth; a < end; a++)
        {
            Vector512<float> x = Vector512.Create(*a);
            c0 = Avx512F.FusedMultiplyAdd(x, Avx512F.LoadVector512(b), c0);
            c1 = Avx512F.FusedMultiplyAdd(x, Avx512F.LoadVector512(b + Vector), c1);
            b += Lanes;
        }

        c0.Store(c);
        c1.Store(c + Vector);
    }

    /// <summary>The same for a panel in bf16.</summary>
    public static void SingleBFloat16(nint depth, float* a, ushort* b, float* c, bool load)
    {
        Vector512<float> c0 = load ? Avx512F.LoadVector512(c) : Vector512<float>.Zero;
        Vector512<float> c1 = load ? Avx512F.LoadVector512(c + Vector) : Vector512<float>.Zero;
        Vector512<uint> upper = Vector512.Create(0xFFFF0000u);
        for (float* end = a + depth; a < end; a++)
        {
            Vector512<float> x = Vector512.Create(*a);
            Vector512<uint> w = Avx512F.LoadVector512((uint*)b);
            c0 = Avx512F.FusedMultiplyAdd(x, Avx512F.ShiftLeftLogical(w, 16).AsSingle(), c0);
            c1 = Avx512F.FusedMultiplyAdd(x, (w & upper).AsSingle(), c1);
            b += Lanes;
        }

        c0.Store(c);
        c1.Store(c + Vector);
    }
}
