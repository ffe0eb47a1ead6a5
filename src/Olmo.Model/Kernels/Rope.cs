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
        SimdWidth width, float* x, float* y, nint rowStride, int* positions, float* cos, float* sin, nint heads, nint headWidth, nint fromRow, nint toRow) =>
        RotateReference(x, y, rowStride, positions, cos, sin, 1f, heads, headWidth, fromRow, toRow);

    /// <summary>The turn back, R(-angle), which is the backward pass: as <see cref="Apply"/> with the sines negated.</summary>
    public static void ApplyInverse(
        SimdWidth width, float* dy, float* dx, nint rowStride, int* positions, float* cos, float* sin, nint heads, nint headWidth, nint fromRow, nint toRow) =>
        RotateReference(dy, dx, rowStride, positions, cos, sin, -1f, heads, headWidth, fromRow, toRow);
}
