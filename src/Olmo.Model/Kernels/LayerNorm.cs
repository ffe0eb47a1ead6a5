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
        SimdWidth width, float* x, float* y, float* mean, float* rstd, nint columns, float epsilon, nint fromRow, nint toRow) =>
        ForwardReference(x, y, mean, rstd, columns, epsilon, fromRow, toRow);

    /// <summary>
    /// With n = (x - mean) * rstd: dx = rstd * (dy - mean(dy) - n * mean(dy * n)) for rows from..to.
    /// </summary>
    /// <param name="dx">[rows, columns], may be dy or x.</param>
    public static void Backward(
        SimdWidth width, float* dy, float* x, float* mean, float* rstd, float* dx, nint columns, nint fromRow, nint toRow) =>
        BackwardReference(dy, x, mean, rstd, dx, columns, fromRow, toRow);
}
