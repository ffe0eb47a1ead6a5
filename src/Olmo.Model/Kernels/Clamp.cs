using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>y = clamp(x, -limit, limit), the "clip_qkv" of some OLMo 1 models.</summary>
internal static unsafe partial class Clamp
{
    /// <summary>y[i] = min(limit, max(-limit, x[i])) for elements from..to; NaN stays. y may be x.</summary>
    public static void Forward(SimdWidth width, float* x, float* y, float limit, nint from, nint to)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                ForwardLanes<Lanes512>(x, y, limit, from, to);
                break;
            case SimdWidth.Avx2:
                ForwardLanes<Lanes256>(x, y, limit, from, to);
                break;
            default:
                ForwardReference(x, y, limit, from, to);
                break;
        }
    }

    /// <summary>dx[i] = dy[i] where |x[i]| is at most the limit, else 0, for elements from..to. x is the input of the forward pass. dx may be dy.</summary>
    public static void Backward(SimdWidth width, float* dy, float* x, float* dx, float limit, nint from, nint to)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                BackwardLanes<Lanes512>(dy, x, dx, limit, from, to);
                break;
            case SimdWidth.Avx2:
                BackwardLanes<Lanes256>(dy, x, dx, limit, from, to);
                break;
            default:
                BackwardReference(dy, x, dx, limit, from, to);
                break;
        }
    }

    private static void ForwardLanes<T>(float* x, float* y, float limit, nint from, nint to)
        where T : struct, ILanes<T>
    {
        T high = T.Splat(limit);
        T low = T.Splat(-limit);
        nint i = from;
        for (; i <= to - LaneFold.Lanes; i += LaneFold.Lanes)
        {
            T.Store(T.Max(low, T.Min(high, T.Load(x + i))), y + i);
        }

        if (i < to)
        {
            T.StoreTail(T.Max(low, T.Min(high, T.LoadTail(x + i, to - i, 0f))), y + i, to - i);
        }
    }

    private static void BackwardLanes<T>(float* dy, float* x, float* dx, float limit, nint from, nint to)
        where T : struct, ILanes<T>
    {
        T high = T.Splat(limit);
        nint i = from;
        for (; i <= to - LaneFold.Lanes; i += LaneFold.Lanes)
        {
            T.Store(T.SelectAtMost(T.Abs(T.Load(x + i)), high, T.Load(dy + i), T.Splat(0f)), dx + i);
        }

        if (i < to)
        {
            T.StoreTail(T.SelectAtMost(T.Abs(T.LoadTail(x + i, to - i, 0f)), high, T.LoadTail(dy + i, to - i, 0f), T.Splat(0f)), dx + i, to - i);
        }
    }
}
