using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Olmo.Model.Kernels;

/// <summary>
/// One row times two neighbouring panels of a packed weight, for AVX-512: what decoding one token does. It reads the weight once, in order, and is meant to wait for memory only.
/// The chains are those of <see cref="Gemm"/>; four of them, two vectors each way, hide the latency of the multiply-add.
/// </summary>
internal static unsafe class Gemv
{
    // The lines of so many steps ahead are asked for: one core alone keeps too few lines on their way otherwise.
    private const int Ahead = 32 * 16;

    /// <summary>c [64] = chains over <paramref name="depth"/> of a · [b0, b1], started from c (<paramref name="load"/>) or from +0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pair(nint depth, float* a, float* b0, float* b1, float* c, bool load)
    {
        Vector512<float> c0 = load ? Vector512.Load(c) : Vector512<float>.Zero;
        Vector512<float> c1 = load ? Vector512.Load(c + 16) : Vector512<float>.Zero;
        Vector512<float> c2 = load ? Vector512.Load(c + 32) : Vector512<float>.Zero;
        Vector512<float> c3 = load ? Vector512.Load(c + 48) : Vector512<float>.Zero;
        for (float* end = a + depth; a < end; a++)
        {
            Sse.Prefetch0(b0 + Ahead);
            Sse.Prefetch0(b0 + Ahead + 16);
            Sse.Prefetch0(b1 + Ahead);
            Sse.Prefetch0(b1 + Ahead + 16);
            Vector512<float> x = Vector512.Create(*a);
            c0 = Avx512F.FusedMultiplyAdd(x, Vector512.Load(b0), c0);
            c1 = Avx512F.FusedMultiplyAdd(x, Vector512.Load(b0 + 16), c1);
            c2 = Avx512F.FusedMultiplyAdd(x, Vector512.Load(b1), c2);
            c3 = Avx512F.FusedMultiplyAdd(x, Vector512.Load(b1 + 16), c3);
            b0 += 32;
            b1 += 32;
        }

        c0.Store(c);
        c1.Store(c + 16);
        c2.Store(c + 32);
        c3.Store(c + 48);
    }

    /// <summary>The same for panels in bf16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PairBFloat16(nint depth, float* a, ushort* b0, ushort* b1, float* c, bool load)
    {
        Vector512<float> c0 = load ? Vector512.Load(c) : Vector512<float>.Zero;
        Vector512<float> c1 = load ? Vector512.Load(c + 16) : Vector512<float>.Zero;
        Vector512<float> c2 = load ? Vector512.Load(c + 32) : Vector512<float>.Zero;
        Vector512<float> c3 = load ? Vector512.Load(c + 48) : Vector512<float>.Zero;
        Vector512<uint> upper = Vector512.Create(0xFFFF0000u);
        for (float* end = a + depth; a < end; a++)
        {
            Sse.Prefetch0(b0 + (2 * Ahead));
            Sse.Prefetch0(b1 + (2 * Ahead));
            Vector512<float> x = Vector512.Create(*a);
            Vector512<uint> w0 = Vector512.Load((uint*)b0);
            Vector512<uint> w1 = Vector512.Load((uint*)b1);
            c0 = Avx512F.FusedMultiplyAdd(x, Avx512F.ShiftLeftLogical(w0, 16).AsSingle(), c0);
            c1 = Avx512F.FusedMultiplyAdd(x, (w0 & upper).AsSingle(), c1);
            c2 = Avx512F.FusedMultiplyAdd(x, Avx512F.ShiftLeftLogical(w1, 16).AsSingle(), c2);
            c3 = Avx512F.FusedMultiplyAdd(x, (w1 & upper).AsSingle(), c3);
            b0 += 32;
            b1 += 32;
        }

        c0.Store(c);
        c1.Store(c + 16);
        c2.Store(c + 32);
        c3.Store(c + 48);
    }
}
