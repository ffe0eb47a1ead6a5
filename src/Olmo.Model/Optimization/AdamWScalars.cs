using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Optimization;

/// <summary>Forms the scalars of an AdamW step in fp64.</summary>
internal static class AdamWScalars
{
    /// <summary>Scalars of update number <paramref name="update"/> (1-based, skipped steps not counted) at a learning rate.</summary>
    public static AdamWStep Of(AdamWSettings settings, double learningRate, double clip, long update) => new(
        Clip: (float)clip,
        Decay: (float)(1.0 - (learningRate * settings.WeightDecay)),
        OneMinusBeta1: (float)(1.0 - settings.Beta1),
        Beta2: (float)settings.Beta2,
        OneMinusBeta2: (float)(1.0 - settings.Beta2),
        StepSize: (float)(learningRate / (1.0 - Elementary.Pow(settings.Beta1, update))),
        InverseRootCorrection2: (float)(1.0 / Math.Sqrt(1.0 - Elementary.Pow(settings.Beta2, update))),
        Epsilon: (float)settings.Epsilon);
}
