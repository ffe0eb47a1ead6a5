using Olmo.Model.Compute;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>
/// Rotary position embedding, half-rotation layout: component i of a head turns with component i + e/2 by the angle position * frequency_i.
/// </summary>
internal static unsafe partial class Rope
{
    /// <summary>
    /// y[i] = x[i] cos - x[i + e/2] sin, y[i + e/2] = x[i + e/2] cos + x[i] sin, for every head of rows from..to. Each output is the product with
    /// the sine, rounded, then one fused multiply-add.
    /// </summary>
    /// <param name="x">[rows, heads, e], rows <paramref name="rowStride"/> floats apart.</param>
    /// <param name="y">as x; may be x.</param>
    /// <param name="positions">[rows], position of each row inside its sequence or document.</param>
    /// <param name="cos">[positions, e/2], see <see cref="RopeTable"/>.</param>
    /// <param name="sin">as cos</param>
    /// <param name="headWidth">e, even.</param>
    public static void Apply(
        SimdWidth width, float* x, float* y, nint rowStride, int* positions, float* cos, float* sin, nint heads, nint headWidth, nint fromRow, nint toRow)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                RotateLanes<Lanes512>(x, y, rowStride, positions, cos, sin, 1f, heads, headWidth, fromRow, toRow);
                break;
            case SimdWidth.Avx2:
                RotateLanes<Lanes256>(x, y, rowStride, positions, cos, sin, 1f, heads, headWidth, fromRow, toRow);
                break;
            default:
                RotateReference(x, y, rowStride, positions, cos, sin, 1f, heads, headWidth, fromRow, toRow);
                break;
        }
    }

    /// <summary>The turn back, R(-angle), which is the backward pass: as <see cref="Apply"/> with the sines negated.</summary>
    public static void ApplyInverse(
        SimdWidth width, float* dy, float* dx, nint rowStride, int* positions, float* cos, float* sin, nint heads, nint headWidth, nint fromRow, nint toRow)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                RotateLanes<Lanes512>(dy, dx, rowStride, positions, cos, sin, -1f, heads, headWidth, fromRow, toRow);
                break;
            case SimdWidth.Avx2:
                RotateLanes<Lanes256>(dy, dx, rowStride, positions, cos, sin, -1f, heads, headWidth, fromRow, toRow);
                break;
            default:
                RotateReference(dy, dx, rowStride, positions, cos, sin, -1f, heads, headWidth, fromRow, toRow);
                break;
        }
    }

    private static void RotateLanes<T>(
        float* x, float* y, nint rowStride, int* positions, float* cos, float* sin, float sign, nint heads, nint headWidth, nint fromRow, nint toRow)
        where T : struct, ILanes<T>
    {
        nint half = headWidth / 2;
        T direction = T.Splat(sign);
        for (nint t = fromRow; t < toRow; t++)
        {
            float* c = cos + (positions[t] * half);
            float* s = sin + (positions[t] * half);
            for (nint h = 0; h < heads; h++)
            {
                float* input = x + (t * rowStride) + (h * headWidth);
                float* output = y + (t * rowStride) + (h * headWidth);
                nint i = 0;
                for (; i <= half - LaneFold.Lanes; i += LaneFold.Lanes)
                {
                    T turn = T.Load(s + i) * direction;
                    T across = T.Load(c + i);
                    T a = T.Load(input + i);
                    T b = T.Load(input + half + i);
                    T.Store(T.Fma(a, across, -(b * turn)), output + i);
                    T.Store(T.Fma(b, across, a * turn), output + half + i);
                }

                if (i < half)
                {
                    nint rest = half - i;
                    T turn = T.LoadTail(s + i, rest, 0f) * direction;
                    T across = T.LoadTail(c + i, rest, 0f);
                    T a = T.LoadTail(input + i, rest, 0f);
                    T b = T.LoadTail(input + half + i, rest, 0f);
                    T.StoreTail(T.Fma(a, across, -(b * turn)), output + i, rest);
                    T.StoreTail(T.Fma(b, across, a * turn), output + half + i, rest);
                }
            }
        }
    }
}
