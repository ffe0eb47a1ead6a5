namespace Olmo.Model.Kernels;

internal static unsafe partial class Clamp
{
    public static void ForwardReference(float* x, float* y, float limit, nint from, nint to)
    {
        for (nint i = from; i < to; i++)
        {
            float v = limit < x[i] ? limit : x[i];
            y[i] = -limit > v ? -limit : v;
        }
    }

    public static void BackwardReference(float* dy, float* x, float* dx, float limit, nint from, nint to)
    {
        for (nint i = from; i < to; i++)
        {
            dx[i] = MathF.Abs(x[i]) <= limit ? dy[i] : 0f;
        }
    }
}
