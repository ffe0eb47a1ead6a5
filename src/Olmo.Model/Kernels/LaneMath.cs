using System.Runtime.CompilerServices;
using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

/// <summary>The vector forms of <see cref="Elementary"/>, operation by operation.</summary>
internal static class LaneMath
{
    /// <summary>As <see cref="Elementary.Exp(float)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x)
        where T : struct, ILanes<T>
    {
        T clamped = T.Max(T.Splat(Elementary.ExpLower32), T.Min(T.Splat(Elementary.ExpUpper32), x));
        T shifted = T.Fma(clamped, T.Splat(Elementary.Log2E32), T.Splat(Elementary.RoundingShift32));
        T n = shifted - T.Splat(Elementary.RoundingShift32);
        T r = T.Fma(n, T.Splat(-Elementary.Ln2High32), clamped);
        r = T.Fma(n, T.Splat(-Elementary.Ln2Low32), r);
        T p = T.Fma(T.Splat(Elementary.ExpC6), r, T.Splat(Elementary.ExpC5));
        p = T.Fma(p, r, T.Splat(Elementary.ExpC4));
        p = T.Fma(p, r, T.Splat(Elementary.ExpC3));
        p = T.Fma(p, r, T.Splat(Elementary.ExpC2));
        p = T.Fma(p, r, T.Splat(1f));
        p = T.Fma(p, r, T.Splat(1f));
        return T.ScaleByPowerOfTwo(p, shifted);
    }

    /// <summary>As <see cref="Elementary.Sigmoid"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x)
        where T : struct, ILanes<T> =>
        T.Splat(1f) / (T.Splat(1f) + Exp(-x));
}
