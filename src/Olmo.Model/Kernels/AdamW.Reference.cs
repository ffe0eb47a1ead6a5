using Olmo.Model.Tensors;

namespace Olmo.Model.Kernels;

internal static unsafe partial class AdamW
{
    public static void UpdateReference(in AdamWStep step, float* gradient, float* p, float* m, float* v, nint from, nint to)
    {
        for (nint i = from; i < to; i++)
        {
            float g = gradient[i] * step.Clip;
            float decayed = p[i] * step.Decay;
            m[i] = MathF.FusedMultiplyAdd(step.OneMinusBeta1, g - m[i], m[i]);
            v[i] = MathF.FusedMultiplyAdd(step.OneMinusBeta2 * g, g, v[i] * step.Beta2);
            float denominator = MathF.FusedMultiplyAdd(MathF.Sqrt(v[i]), step.InverseRootCorrection2, step.Epsilon);
            p[i] = MathF.FusedMultiplyAdd(-step.StepSize, m[i] / denominator, decayed);
        }
    }
}
