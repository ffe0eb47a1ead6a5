using Olmo.Model.Compute;

#pragma warning disable CS1573 // parameters that speak for themselves are not described
namespace Olmo.Model.Kernels;

/// <summary>h = silu(gate) * up, silu(a) = a * sigmoid(a). Rows have strides so that gate and up may be halves of one buffer.</summary>
internal static unsafe partial class SwiGlu
{
    /// <summary>h[t, c] = silu(gate[t, c]) * up[t, c] for rows from..to.</summary>
    /// <param name="gate">[rows, columns], rows <paramref name="inputStride"/> floats apart.</param>
    /// <param name="up">as gate</param>
    /// <param name="h">[rows, columns], rows <paramref name="outputStride"/> floats apart; may be gate or up where the strides are equal.</param>
    public static void Forward(
        SimdWidth width, float* gate, float* up, nint inputStride, float* h, nint outputStride, nint columns, nint fromRow, nint toRow) =>
        ForwardReference(gate, up, inputStride, h, outputStride, columns, fromRow, toRow);

    /// <summary>
    /// With s = sigmoid(gate): dUp = dh * (gate * s), dGate = (dh * up) * (s * (1 + gate * (1 - s))) for rows from..to.
    /// </summary>
    /// <param name="dh">[rows, columns], rows <paramref name="dhStride"/> floats apart.</param>
    /// <param name="dGate">[rows, columns], rows <paramref name="inputStride"/> floats apart as gate and up; may be gate, up or (equal strides) dh.</param>
    /// <param name="dUp">as dGate, but not the same buffer.</param>
    public static void Backward(
        SimdWidth width, float* dh, nint dhStride, float* gate, float* up, float* dGate, float* dUp, nint inputStride, nint columns, nint fromRow, nint toRow) =>
        BackwardReference(dh, dhStride, gate, up, dGate, dUp, inputStride, columns, fromRow, toRow);
}
