using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <content>
/// The products of one row with a tile of a cache, which wait for memory: while one reads its tile, it asks for the one that the other reads next, a line for each that it reads. What lies at
/// <c>ahead</c> need not exist.
/// </content>
internal static unsafe partial class AttentionTiles
{
    /// <summary><see cref="Scores"/> of one row and all 64 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ScoresAhead<T>(float* transposed, float* row, nint depth, float scale, float* scores, float* ahead)
        where T : struct, ILanes<T>
    {
        T s00 = T.Splat(0f);
        T s01 = T.Splat(0f);
        T s02 = T.Splat(0f);
        T s03 = T.Splat(0f);
        for (nint c = 0; c < depth; c++)
        {
            Sse.Prefetch0(ahead);
            Sse.Prefetch0(ahead + 16);
            Sse.Prefetch0(ahead + 32);
            Sse.Prefetch0(ahead + 48);
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

    /// <summary><see cref="Accumulate"/> of one row, rows of b side by side.</summary>
    /// <param name="b">[count, columns]</param>
    public static void AccumulateAhead<T>(float* a, float* b, nint count, float* output, nint columns, float rescale, float* ahead)
        where T : struct, ILanes<T>
    {
        nint c = 0;
        for (; c <= columns - 64; c += 64)
        {
            AccumulateAhead1x4<T>(a, b + c, columns, count, output + c, rescale, ahead + (c * Lanes));
        }

        if (c < columns)
        {
            AccumulateOne<T>(a, 1, b + c, columns, count, output + c, columns - c, rescale);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AccumulateAhead1x4<T>(float* a, float* b, nint bStride, nint count, float* output, float rescale, float* ahead)
        where T : struct, ILanes<T>
    {
        T f0 = T.Splat(rescale);
        T s00 = T.Load(output) * f0;
        T s01 = T.Load(output + 16) * f0;
        T s02 = T.Load(output + 32) * f0;
        T s03 = T.Load(output + 48) * f0;
        for (nint n = 0; n < count; n++)
        {
            Sse.Prefetch0(ahead);
            Sse.Prefetch0(ahead + 16);
            Sse.Prefetch0(ahead + 32);
            Sse.Prefetch0(ahead + 48);
            T p0 = T.Splat(a[n]);
            s00 = T.Fma(p0, T.Load(b), s00);
            s01 = T.Fma(p0, T.Load(b + 16), s01);
            s02 = T.Fma(p0, T.Load(b + 32), s02);
            s03 = T.Fma(p0, T.Load(b + 48), s03);
            b += bStride;
            ahead += Lanes;
        }

        T.Store(s00, output);
        T.Store(s01, output + 16);
        T.Store(s02, output + 32);
        T.Store(s03, output + 48);
    }
}
