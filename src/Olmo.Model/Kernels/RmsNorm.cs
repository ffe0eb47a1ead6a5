using Olmo.Model.Compute;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>
/// y = w * x * r with r = 1 / sqrt(mean(x^2) + epsilon), over rows of <c>columns</c> values; also the QK-norm, whose row is a whole projected
/// vector of all heads. Sums along a row: 16 lanes, fused, fold 8-4-2-1, then one division by the number of columns.
/// </summary>
internal static unsafe partial class RmsNorm
{
    /// <summary>y[t, c] = weight[c] * (x[t, c] * rstd[t]) for rows from..to.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <param name="weight">[columns]</param>
    /// <param name="y">[rows, columns], may be x.</param>
    /// <param name="rstd">[rows], written for the backward pass; null where there is none.</param>
    public static void Forward(
        SimdWidth width, float* x, float* weight, float* y, float* rstd, nint columns, float epsilon, nint fromRow, nint toRow) =>
        ForwardReference(x, weight, y, rstd, columns, epsilon, fromRow, toRow);

    /// <summary>
    /// With g = dy * w and n = x * rstd: dx = rstd * (g - n * mean(g * n)) for rows from..to.
    /// </summary>
    /// <param name="dy">[rows, columns]</param>
    /// <param name="x">[rows, columns], the input of the forward pass.</param>
    /// <param name="dx">[rows, columns], may be dy (after <see cref="BackwardWeight"/> has read it) or x.</param>
    public static void BackwardInput(
        SimdWidth width, float* dy, float* x, float* weight, float* rstd, float* dx, nint columns, nint fromRow, nint toRow) =>
        BackwardInputReference(dy, x, weight, rstd, dx, columns, fromRow, toRow);

    /// <summary>
    /// weightGradient[c] continues its chain of fused multiply-adds: += dy[t, c] * (x[t, c] * rstd[t]), rows ascending, for columns from..to.
    /// </summary>
    /// <param name="weightGradient">[columns], added to.</param>
    public static void BackwardWeight(
        SimdWidth width, float* dy, float* x, float* rstd, float* weightGradient, nint rows, nint columns, nint fromColumn, nint toColumn) =>
        BackwardWeightReference(dy, x, rstd, weightGradient, rows, columns, fromColumn, toColumn);
}
