using System.Runtime.CompilerServices;
using Olmo.Model.Compute;
using Olmo.Model.Tensors;

namespace Olmo.Model.Kernels;

/// <summary>
/// AdamW with decoupled decay, in place on a range of one chunk. Per element, each operation rounded to fp32, "fma" rounded once:
/// <code>
/// g' = gradient * Clip
/// p  = p * Decay
/// m  = fma(OneMinusBeta1, g' - m, m)
/// v  = fma(OneMinusBeta2 * g', g', v * Beta2)
/// p  = fma(-StepSize, m / fma(sqrt(v), InverseRootCorrection2, Epsilon), p)
/// </code>
/// </summary>
internal static unsafe partial class AdamW
{
    /// <summary>Updates elements from..to of p, m and v.</summary>
    public static void Update(SimdWidth width, in AdamWStep step, float* gradient, float* p, float* m, float* v, nint from, nint to)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                UpdateLanes<Lanes512>(step, gradient, p, m, v, from, to);
                break;
            case SimdWidth.Avx2:
                UpdateLanes<Lanes256>(step, gradient, p, m, v, from, to);
                break;
            default:
                UpdateReference(step, gradient, p, m, v, from, to);
                break;
        }
    }

    private static void UpdateLanes<T>(in AdamWStep step, float* gradient, float* p, float* m, float* v, nint from, nint to)
        where T : struct, ILanes<T>
    {
        AdamWStep s = step;
        nint i = from;
        for (; i <= to - LaneFold.Lanes; i += LaneFold.Lanes)
        {
            T parameter = T.Load(p + i), first = T.Load(m + i), second = T.Load(v + i);
            Next(s, T.Load(gradient + i), ref parameter, ref first, ref second);
            T.Store(parameter, p + i);
            T.Store(first, m + i);
            T.Store(second, v + i);
        }

        if (i < to)
        {
            nint rest = to - i;
            T parameter = T.LoadTail(p + i, rest, 0f), first = T.LoadTail(m + i, rest, 0f), second = T.LoadTail(v + i, rest, 0f);
            Next(s, T.LoadTail(gradient + i, rest, 0f), ref parameter, ref first, ref second);
            T.StoreTail(parameter, p + i, rest);
            T.StoreTail(first, m + i, rest);
            T.StoreTail(second, v + i, rest);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Next<T>(in AdamWStep s, T gradient, ref T parameter, ref T first, ref T second)
        where T : struct, ILanes<T>
    {
        T g = gradient * T.Splat(s.Clip);
        first = T.Fma(T.Splat(s.OneMinusBeta1), g - first, first);
        second = T.Fma(T.Splat(s.OneMinusBeta2) * g, g, second * T.Splat(s.Beta2));
        T denominator = T.Fma(T.Sqrt(second), T.Splat(s.InverseRootCorrection2), T.Splat(s.Epsilon));
        parameter = T.Fma(T.Splat(-s.StepSize), first / denominator, parameter * T.Splat(s.Decay));
    }
}
