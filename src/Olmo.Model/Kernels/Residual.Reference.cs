namespace Olmo.Model.Kernels;

internal static unsafe partial class Residual
{
    public static void AddReference(float* a, float* b, float* y, nint from, nint to)
    {
        for (nint i = from; i < to; i++)
        {
            y[i] = a[i] + b[i];
        }
    }
}
