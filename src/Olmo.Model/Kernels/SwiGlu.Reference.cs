using Olmo.Model.Numerics;

namespace Olmo.Model.Kernels;

internal static unsafe partial class SwiGlu
{
    public static void ForwardReference(
        float* gate, float* up, nint inputStride, float* h, nint outputStride, nint columns, nint fromRow, nint toRow)
    {
        for (nint t = fromRow; t < toRow; t++)
        {
            for (nint c = 0; c < columns; c++)
            {
                nint i = (t * inputStride) + c;
                h[(t * outputStride) + c] = Elementary.Silu(gate[i]) * up[i];
            }
        }
    }

    public static void BackwardReference(
        float* dh, nint dhStride, float* gate, float* up, float* dGate, float* dUp, nint inputStride, nint columns, nint fromRow, nint toRow)
    {
        for (nint t = fromRow; t < toRow; t++)
        {
            for (nint c = 0; c < columns; c++)
            {
                nint i = (t * inputStride) + c;
                float d = dh[(t * dhStride) + c];
                float a = gate[i];
                float b = up[i];
                float s = Elementary.Sigmoid(a);
                dUp[i] = d * (a * s);
                dGate[i] = d * b * (s * MathF.FusedMultiplyAdd(a, 1f - s, 1f));
            }
        }
    }
}
