using Olmo.Model.Compute;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>
/// y = (residual +) w * x * r with r = 1 / sqrt(mean(x^2) + epsilon), over rows of <c>columns</c> values; also the QK-norm, whose row is a whole projected
/// vector of all heads. Sums along a row: 16 lanes, fused, fold 8-4-2-1, then one division by the number of columns.
/// </summary>
internal static unsafe partial class RmsNorm
{
    /// <summary>y[t, c] = (residual[t, c] +) weight[c] * (x[t, c] * rstd[t]) for rows from..to; the product is rounded before the sum.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <param name="weight">[columns]</param>
    /// <param name="y">[rows, columns], may be x or the residual.</param>
    /// <param name="rstd">[rows], written for the backward pass; null where there is none.</param>
    /// <param name="residual">[rows, columns]; null: nothing is added to.</param>
    public static void Forward(
        SimdWidth width, float* x, float* weight, float* y, float* rstd, nint columns, float epsilon, nint fromRow, nint toRow, float* residual = null)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                ForwardLanes<Lanes512>(x, weight, residual, y, rstd, columns, epsilon, fromRow, toRow);
                break;
            case SimdWidth.Avx2:
                ForwardLanes<Lanes256>(x, weight, residual, y, rstd, columns, epsilon, fromRow, toRow);
                break;
            default:
                ForwardReference(x, weight, y, rstd, columns, epsilon, fromRow, toRow, residual);
                break;
        }
    }

    /// <summary>
    /// With g = dy * w and n = x * rstd: dx = rstd * (g - n * mean(g * n)) for rows from..to.
    /// </summary>
    /// <param name="dy">[rows, columns]</param>
    /// <param name="x">[rows, columns], the input of the forward pass.</param>
    /// <param name="dx">[rows, columns], may be dy (after <see cref="BackwardWeight"/> has read it) or x.</param>
    public static void BackwardInput(
        SimdWidth width, float* dy, float* x, float* weight, float* rstd, float* dx, nint columns, nint fromRow, nint toRow)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                BackwardInputLanes<Lanes512>(dy, x, weight, rstd, dx, columns, fromRow, toRow);
                break;
            case SimdWidth.Avx2:
                BackwardInputLanes<Lanes256>(dy, x, weight, rstd, dx, columns, fromRow, toRow);
                break;
            default:
                BackwardInputReference(dy, x, weight, rstd, dx, columns, fromRow, toRow);
                break;
        }
    }

    /// <summary>
    /// weightGradient[c] continues its chain of fused multiply-adds: += dy[t, c] * (x[t, c] * rstd[t]), rows ascending, for columns from..to.
    /// </summary>
    /// <param name="weightGradient">[columns], added to.</param>
    public static void BackwardWeight(
        SimdWidth width, float* dy, float* x, float* rstd, float* weightGradient, nint rows, nint columns, nint fromColumn, nint toColumn)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                BackwardWeightLanes<Lanes512>(dy, x, rstd, weightGradient, rows, columns, fromColumn, toColumn);
                break;
            case SimdWidth.Avx2:
                BackwardWeightLanes<Lanes256>(dy, x, rstd, weightGradient, rows, columns, fromColumn, toColumn);
                break;
            default:
                BackwardWeightReference(dy, x, rstd, weightGradient, rows, columns, fromColumn, toColumn);
                break;
        }
    }

    private static void ForwardLanes<T>(
        float* x, float* weight, float* residual, float* y, float* rstd, nint columns, float epsilon, nint fromRow, nint toRow)
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
                T v = T.Load(row + c);
                sum = T.Fma(v, v, sum);
            }

            if (rest > 0)
            {
                T v = T.LoadTail(row + whole, rest, 0f);
                sum = T.Fma(v, v, sum);
            }

            float r = 1f / MathF.Sqrt((T.FoldSum(sum) / columns) + epsilon);
            T factor = T.Splat(r);
            if (residual == null)
            {
                for (nint c = 0; c < whole; c += LaneFold.Lanes)
                {
                    T.Store(T.Load(weight + c) * (T.Load(row + c) * factor), output + c);
                }

                if (rest > 0)
                {
                    T.StoreTail(T.LoadTail(weight + whole, rest, 0f) * (T.LoadTail(row + whole, rest, 0f) * factor), output + whole, rest);
                }
            }
            else
            {
                float* onto = residual + (t * columns);
                for (nint c = 0; c < whole; c += LaneFold.Lanes)
                {
                    T.Store(T.Load(onto + c) + (T.Load(weight + c) * (T.Load(row + c) * factor)), output + c);
                }

                if (rest > 0)
                {
                    T normed = T.LoadTail(weight + whole, rest, 0f) * (T.LoadTail(row + whole, rest, 0f) * factor);
                    T.StoreTail(T.LoadTail(onto + whole, rest, 0f) + normed, output + whole, rest);
                }
            }

            if (rstd != null)
            {
                rstd[t] = r;
            }
        }
    }

    private static void BackwardInputLanes<T>(
        float* dy, float* x, float* weight, float* rstd, float* dx, nint columns, nint fromRow, nint toRow)
        where T : struct, ILanes<T>
    {
        nint whole = columns & -LaneFold.Lanes;
        nint rest = columns - whole;
        for (nint t = fromRow; t < toRow; t++)
        {
            float* row = x + (t * columns);
            float* upstream = dy + (t * columns);
            float* output = dx + (t * columns);
            T r = T.Splat(rstd[t]);
            T dot = T.Splat(0f);
            for (nint c = 0; c < whole; c += LaneFold.Lanes)
            {
                dot = T.Fma(T.Load(upstream + c) * T.Load(weight + c), T.Load(row + c) * r, dot);
            }

            if (rest > 0)
            {
                dot = T.Fma(T.LoadTail(upstream + whole, rest, 0f) * T.LoadTail(weight + whole, rest, 0f), T.LoadTail(row + whole, rest, 0f) * r, dot);
            }

            T minusMean = T.Splat(-(T.FoldSum(dot) / columns));
            for (nint c = 0; c < whole; c += LaneFold.Lanes)
            {
                T.Store(r * T.Fma(T.Load(row + c) * r, minusMean, T.Load(upstream + c) * T.Load(weight + c)), output + c);
            }

            if (rest > 0)
            {
                T g = T.LoadTail(upstream + whole, rest, 0f) * T.LoadTail(weight + whole, rest, 0f);
                T.StoreTail(r * T.Fma(T.LoadTail(row + whole, rest, 0f) * r, minusMean, g), output + whole, rest);
            }
        }
    }

    private static void BackwardWeightLanes<T>(
        float* dy, float* x, float* rstd, float* weightGradient, nint rows, nint columns, nint fromColumn, nint toColumn)
        where T : struct, ILanes<T>
    {
        // Four rows a turn: the chain of a column stays in a register for four links instead of one.
        nint t = 0;
        for (; t <= rows - 4; t += 4)
        {
            float* d = dy + (t * columns);
            float* v = x + (t * columns);
            T r0 = T.Splat(rstd[t]);
            T r1 = T.Splat(rstd[t + 1]);
            T r2 = T.Splat(rstd[t + 2]);
            T r3 = T.Splat(rstd[t + 3]);
            nint c = fromColumn;
            for (; c <= toColumn - LaneFold.Lanes; c += LaneFold.Lanes)
            {
                T sum = T.Load(weightGradient + c);
                sum = T.Fma(T.Load(d + c), T.Load(v + c) * r0, sum);
                sum = T.Fma(T.Load(d + columns + c), T.Load(v + columns + c) * r1, sum);
                sum = T.Fma(T.Load(d + (2 * columns) + c), T.Load(v + (2 * columns) + c) * r2, sum);
                sum = T.Fma(T.Load(d + (3 * columns) + c), T.Load(v + (3 * columns) + c) * r3, sum);
                T.Store(sum, weightGradient + c);
            }

            if (c < toColumn)
            {
                nint rest = toColumn - c;
                T sum = T.LoadTail(weightGradient + c, rest, 0f);
                sum = T.Fma(T.LoadTail(d + c, rest, 0f), T.LoadTail(v + c, rest, 0f) * r0, sum);
                sum = T.Fma(T.LoadTail(d + columns + c, rest, 0f), T.LoadTail(v + columns + c, rest, 0f) * r1, sum);
                sum = T.Fma(T.LoadTail(d + (2 * columns) + c, rest, 0f), T.LoadTail(v + (2 * columns) + c, rest, 0f) * r2, sum);
                sum = T.Fma(T.LoadTail(d + (3 * columns) + c, rest, 0f), T.LoadTail(v + (3 * columns) + c, rest, 0f) * r3, sum);
                T.StoreTail(sum, weightGradient + c, rest);
            }
        }

        for (; t < rows; t++)
        {
            float* d = dy + (t * columns);
            float* v = x + (t * columns);
            T r = T.Splat(rstd[t]);
            nint c = fromColumn;
            for (; c <= toColumn - LaneFold.Lanes; c += LaneFold.Lanes)
            {
                T.Store(T.Fma(T.Load(d + c), T.Load(v + c) * r, T.Load(weightGradient + c)), weightGradient + c);
            }

            if (c < toColumn)
            {
                nint rest = toColumn - c;
                T sum = T.LoadTail(weightGradient + c, rest, 0f);
                T.StoreTail(T.Fma(T.LoadTail(d + c, rest, 0f), T.LoadTail(v + c, rest, 0f) * r, sum), weightGradient + c, rest);
            }
        }
    }
}
