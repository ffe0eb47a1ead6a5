namespace Olmo.Model.Kernels;

internal static unsafe partial class Rope
{
    public static void RotateReference(
        float* x, float* y, nint rowStride, int* positions, float* cos, float* sin, float sign, nint heads, nint headWidth, nint fromRow, nint toRow)
    {
        nint half = headWidth / 2;
        for (nint t = fromRow; t < toRow; t++)
        {
            nint angle = positions[t] * half;
            for (nint h = 0; h < heads; h++)
            {
                nint low = (t * rowStride) + (h * headWidth);
                for (nint i = 0; i < half; i++)
                {
                    float c = cos[angle + i];
                    float s = sin[angle + i] * sign;
                    float a = x[low + i];
                    float b = x[low + half + i];
                    y[low + i] = MathF.FusedMultiplyAdd(a, c, -(b * s));
                    y[low + half + i] = MathF.FusedMultiplyAdd(b, c, a * s);
                }
            }
        }
    }
}
