namespace Olmo.Model.Tensors;

/// <summary>Scalars of one AdamW step, formed in fp64 from the recipe and rounded once.</summary>
/// <param name="Clip">Factor of the gradient: min(1, limit / (norm + 1e-6)).</param>
/// <param name="Decay">1 - learning rate * weight decay; 1 for tensors without decay.</param>
/// <param name="OneMinusBeta1">1 - beta1</param>
/// <param name="Beta2">beta2</param>
/// <param name="OneMinusBeta2">1 - beta2</param>
/// <param name="StepSize">Learning rate / (1 - beta1^t).</param>
/// <param name="InverseRootCorrection2">1 / sqrt(1 - beta2^t).</param>
/// <param name="Epsilon">Added to the corrected root.</param>
public readonly record struct AdamWStep(
    float Clip, float Decay, float OneMinusBeta1, float Beta2, float OneMinusBeta2, float StepSize, float InverseRootCorrection2, float Epsilon);
