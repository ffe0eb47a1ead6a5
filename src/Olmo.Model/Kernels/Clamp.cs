using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>y = clamp(x, -limit, limit), the "clip_qkv" of some OLMo 1 models.</summary>
internal static unsafe partial class Clamp
{
    /// <summary>y[i] = min(limit, max(-limit, x[i])) for elements from..to; NaN stays. y may be x.</summary>
    public static void Forward(SimdWidth width, float* x, float* y, float limit, nint from, nint to) => ForwardReference(x, y, limit, from, to);

    /// <summary>dx[i] = dy[i] where |x[i]| is at most the limit, else 0, for elements from..to. x is the input of the forward pass. dx may be dy.</summary>
    public static void Backward(SimdWidth width, float* dy, float* x, float* dx, float limit, nint from, nint to) =>
        BackwardReference(dy, x, dx, limit, from, to);
}
