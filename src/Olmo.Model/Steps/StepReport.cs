using Olmo.Model.State;

namespace Olmo.Model.Steps;

/// <summary>What a step did.</summary>
/// <param name="Step">Its number.</param>
/// <param name="Outcome">Applied, or why not.</param>
/// <param name="CrossEntropy">Mean over the labels of the global batch, nats.</param>
/// <param name="ZLoss">Mean z-loss, multiplier included.</param>
/// <param name="GradientNorm">L2 norm of the whole gradient before clipping.</param>
/// <param name="LearningRate">Rate of the group of parameters without an override.</param>
/// <param name="ClipFactor">Factor of the gradient.</param>
/// <param name="Labels">Labels of the global batch; 0 means that the step had nothing to learn from.</param>
/// <param name="Tokens">Tokens of the global batch.</param>
/// <param name="Groups">Groups that this rank ran.</param>
/// <param name="BatchHash">SHA-256 over the number (int32) and the hash of the token ids of each group that this rank ran, in group order.</param>
/// <param name="Samples">What the losses of all groups were given.</param>
public readonly record struct StepReport(
    long Step,
    StepOutcome Outcome,
    double CrossEntropy,
    double ZLoss,
    double GradientNorm,
    double LearningRate,
    double ClipFactor,
    long Labels,
    long Tokens,
    int Groups,
    BatchHash BatchHash,
    StepSamples Samples = default)
{
    /// <summary>True if no update was applied.</summary>
    public bool IsSkipped => Outcome != StepOutcome.Apply;
}
