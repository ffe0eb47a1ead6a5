using Olmo.Model.Compute;

namespace Olmo.Model.Kernels;

/// <summary>
/// AdamW with decoupled decay, in place on a range of one chunk. Per element, each operation rounded to fp32, "fma" rounded once:
/// <code>
/// g' = gradient * Clip
/// p  = p * Decay
/// m  = fma(OneMinusBeta1, g' - m, m)
/// v  = fma(OneMinusBeta2 * g', g', v * Beta2)
/// p  = fma(-StepSize, m / fma(sqrt(v), InverseRootCorrection2, Epsilon), p)
/// </code>
/// </summary>
internal static unsafe partial class AdamW
{
    /// <summary>Updates elements from..to of p, m and v.</summary>
    public static void Update(SimdWidth width, in AdamWStep step, float* gradient, float* p, float* m, float* v, nint from, nint to) =>
        UpdateReference(step, gradient, p, m, v, from, to);
}
