using Olmo.Model.Compute;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>
/// OLMo 1's norm without parameters: y = (x - mean) / sqrt(mean((x - mean)^2) + epsilon), biased variance, over rows of <c>columns</c> values.
/// Sums along a row: 16 lanes, fused, fold 8-4-2-1, then one division by the number of columns.
/// </summary>
internal static unsafe partial class LayerNorm
{
    /// <summary>y[t, c] = (x[t, c] - mean[t]) * rstd[t] for rows from..to.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <param name="y">[rows, columns], may be x.</param>
    /// <param name="mean">[rows], written for the backward pass; null where there is none.</param>
    /// <param name="rstd">[rows], as mean.</param>
    public static void Forward(
        SimdWidth width, float* x, float* y, float* mean, float* rstd, nint columns, float epsilon, nint fromRow, nint toRow)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                ForwardLanes<Lanes512>(x, y, mean, rstd, columns, epsilon, fromRow, toRow);
                break;
            case SimdWidth.Avx2:
                ForwardLanes<Lanes256>(x, y, mean, rstd, columns, epsilon, fromRow, toRow);
                break;
            default:
                ForwardReference(x, y, mean, rstd, columns, epsilon, fromRow, toRow);
                break;
        }
    }

    /// <summary>
    /// With n = (x - mean) * rstd: dx = rstd * (dy - mean(dy) - n * mean(dy * n)) for rows from..to.
    /// </summary>
    /// <param name="dx">[rows, columns], may be dy or x.</param>
    public static void Backward(
        SimdWidth width, float* dy, float* x, float* mean, float* rstd, float* dx, nint columns, nint fromRow, nint toRow)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                BackwardLanes<Lanes512>(dy, x, mean, rstd, dx, columns, fromRow, toRow);
                break;
            case SimdWidth.Avx2:
                BackwardLanes<Lanes256>(dy, x, mean, rstd, dx, columns, fromRow, toRow);
                break;
            default:
                BackwardReference(dy, x, mean, rstd, dx, columns, fromRow, toRow);
                break;
        }
    }

    private static void ForwardLanes<T>(float* x, float* y, float* mean, float* rstd, nint columns, float epsilon, nint fromRow, nint toRow)
        where T : struct, ILanes<T>
    {
        nint whole = columns & -LaneFold.Lanes;
        nint rest = columns - whole;
        for (nint t = fromRow; t < toRow; t++)
        {
            float* row = x + (t * columns);
            float* output = y + (t * columns);
            T sum = T.Splat(0f);
            for (nint c = 0; c < whole; c += LaneFold.Lanes)
            {
                sum += T.Load(row + c);
            }

            if (rest > 0)
            {
                sum += T.LoadTail(row + whole, rest, 0f);
            }

            float m = T.FoldSum(sum) / columns;
            T centre = T.Splat(m);
            T squares = T.Splat(0f);
            for (nint c = 0; c < whole; c += LaneFold.Lanes)
            {
                T v = T.Load(row + c) - centre;
                squares = T.Fma(v, v, squares);
            }

            if (rest > 0)
            {
                T v = T.KeepFirst(T.LoadTail(row + whole, rest, 0f) - centre, rest);
                squares = T.Fma(v, v, squares);
            }

            float r = 1f / MathF.Sqrt((T.FoldSum(squares) / columns) + epsilon);
            T factor = T.Splat(r);
            for (nint c = 0; c < whole; c += LaneFold.Lanes)
            {
                T.Store((T.Load(row + c) - centre) * factor, output + c);
            }

            if (rest > 0)
            {
                T.StoreTail((T.LoadTail(row + whole, rest, 0f) - centre) * factor, output + whole, rest);
            }

            if (rstd != null)
            {
                mean[t] = m;
                rstd[t] = r;
            }
        }
    }

    private static void BackwardLanes<T>(float* dy, float* x, float* mean, float* rstd, float* dx, nint columns, nint fromRow, nint toRow)
        where T : struct, ILanes<T>
    {
        nint whole = columns & -LaneFold.Lanes;
        nint rest = columns - whole;
        for (nint t = fromRow; t < toRow; t++)
        {
            float* row = x + (t * columns);
            float* upstream = dy + (t * columns);
            float* output = dx + (t * columns);
            T centre = T.Splat(mean[t]);
            T r = T.Splat(rstd[t]);
            T sum = T.Splat(0f);
            T dot = T.Splat(0f);
            for (nint c = 0; c < whole; c += LaneFold.Lanes)
            {
                T d = T.Load(upstream + c);
                sum += d;
                dot = T.Fma(d, (T.Load(row + c) - centre) * r, dot);
            }

            if (rest > 0)
            {
                T d = T.LoadTail(upstream + whole, rest, 0f);
                sum += d;
                dot = T.Fma(d, T.KeepFirst((T.LoadTail(row + whole, rest, 0f) - centre) * r, rest), dot);
            }

            T meanDy = T.Splat(T.FoldSum(sum) / columns);
            T minusMeanDot = T.Splat(-(T.FoldSum(dot) / columns));
            for (nint c = 0; c < whole; c += LaneFold.Lanes)
            {
                T.Store(r * T.Fma((T.Load(row + c) - centre) * r, minusMeanDot, T.Load(upstream + c) - meanDy), output + c);
            }

            if (rest > 0)
            {
                T n = (T.LoadTail(row + whole, rest, 0f) - centre) * r;
                T.StoreTail(r * T.Fma(n, minusMeanDot, T.LoadTail(upstream + whole, rest, 0f) - meanDy), output + whole, rest);
            }
        }
    }
}
