using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>Sums of two tensors, element by element.</summary>
internal static unsafe partial class Residual
{
    /// <summary>y[i] = a[i] + b[i] for elements from..to. y may be a or b.</summary>
    public static void Add(SimdWidth width, float* a, float* b, float* y, nint from, nint to)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                AddLanes<Lanes512>(a, b, y, from, to);
                break;
            case SimdWidth.Avx2:
                AddLanes<Lanes256>(a, b, y, from, to);
                break;
            default:
                AddReference(a, b, y, from, to);
                break;
        }
    }

    private static void AddLanes<T>(float* a, float* b, float* y, nint from, nint to)
        where T : struct, ILanes<T>
    {
        nint i = from;
        for (; i <= to - LaneFold.Lanes; i += LaneFold.Lanes)
        {
            T.Store(T.Load(a + i) + T.Load(b + i), y + i);
        }

        if (i < to)
        {
            T.StoreTail(T.LoadTail(a + i, to - i, 0f) + T.LoadTail(b + i, to - i, 0f), y + i, to - i);
        }
    }
}
