using System.Runtime.CompilerServices;
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
        SimdWidth width, float* gate, float* up, nint inputStride, float* h, nint outputStride, nint columns, nint fromRow, nint toRow)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                ForwardLanes<Lanes512>(gate, up, inputStride, h, outputStride, columns, fromRow, toRow);
                break;
            case SimdWidth.Avx2:
                ForwardLanes<Lanes256>(gate, up, inputStride, h, outputStride, columns, fromRow, toRow);
                break;
            default:
                ForwardReference(gate, up, inputStride, h, outputStride, columns, fromRow, toRow);
                break;
        }
    }

    /// <summary>
    /// With s = sigmoid(gate): dUp = dh * (gate * s), dGate = (dh * up) * (s * (1 + gate * (1 - s))) for rows from..to.
    /// </summary>
    /// <param name="dh">[rows, columns], rows <paramref name="dhStride"/> floats apart.</param>
    /// <param name="dGate">[rows, columns], rows <paramref name="inputStride"/> floats apart as gate and up; may be gate, up or (equal strides) dh.</param>
    /// <param name="dUp">as dGate, but not the same buffer.</param>
    public static void Backward(
        SimdWidth width, float* dh, nint dhStride, float* gate, float* up, float* dGate, float* dUp, nint inputStride, nint columns, nint fromRow, nint toRow)
    {
        switch (width)
        {
            case SimdWidth.Avx512:
                BackwardLanes<Lanes512>(dh, dhStride, gate, up, dGate, dUp, inputStride, columns, fromRow, toRow);
                break;
            case SimdWidth.Avx2:
                BackwardLanes<Lanes256>(dh, dhStride, gate, up, dGate, dUp, inputStride, columns, fromRow, toRow);
                break;
            default:
                BackwardReference(dh, dhStride, gate, up, dGate, dUp, inputStride, columns, fromRow, toRow);
                break;
        }
    }

    private static void ForwardLanes<T>(float* gate, float* up, nint inputStride, float* h, nint outputStride, nint columns, nint fromRow, nint toRow)
        where T : struct, ILanes<T>
    {
        for (nint t = fromRow; t < toRow; t++)
        {
            float* a = gate + (t * inputStride);
            float* b = up + (t * inputStride);
            float* output = h + (t * outputStride);
            nint c = 0;
            for (; c <= columns - LaneFold.Lanes; c += LaneFold.Lanes)
            {
                T v = T.Load(a + c);
                T.Store(v * LaneMath.Sigmoid(v) * T.Load(b + c), output + c);
            }

            if (c < columns)
            {
                T v = T.LoadTail(a + c, columns - c, 0f);
                T.StoreTail(v * LaneMath.Sigmoid(v) * T.LoadTail(b + c, columns - c, 0f), output + c, columns - c);
            }
        }
    }

    private static void BackwardLanes<T>(
        float* dh, nint dhStride, float* gate, float* up, float* dGate, float* dUp, nint inputStride, nint columns, nint fromRow, nint toRow)
        where T : struct, ILanes<T>
    {
        for (nint t = fromRow; t < toRow; t++)
        {
            float* upstream = dh + (t * dhStride);
            float* a = gate + (t * inputStride);
            float* b = up + (t * inputStride);
            float* da = dGate + (t * inputStride);
            float* db = dUp + (t * inputStride);
            nint c = 0;
            for (; c <= columns - LaneFold.Lanes; c += LaneFold.Lanes)
            {
                Gradient(T.Load(upstream + c), T.Load(a + c), T.Load(b + c), out T gateGradient, out T upGradient);
                T.Store(gateGradient, da + c);
                T.Store(upGradient, db + c);
            }

            if (c < columns)
            {
                nint rest = columns - c;
                Gradient(T.LoadTail(upstream + c, rest, 0f), T.LoadTail(a + c, rest, 0f), T.LoadTail(b + c, rest, 0f), out T gateGradient, out T upGradient);
                T.StoreTail(gateGradient, da + c, rest);
                T.StoreTail(upGradient, db + c, rest);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gradient<T>(T d, T a, T b, out T gate, out T up)
        where T : struct, ILanes<T>
    {
        T s = LaneMath.Sigmoid(a);
        gate = d * b * (s * T.Fma(a, T.Splat(1f) - s, T.Splat(1f)));
        up = d * (a * s);
    }
}
