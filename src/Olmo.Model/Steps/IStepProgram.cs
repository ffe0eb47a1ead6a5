using Olmo.Model.State;

namespace Olmo.Model.Steps;

/// <summary>
/// What a rank computes for a group: pre-training now; fine-tuning and preference losses are other programs in the same step.
/// </summary>
public interface IStepProgram
{
    /// <summary>The tensors that passes read, in the layout that gradients are given in.</summary>
    WorkingParameters Parameters { get; }

    /// <summary>
    /// Runs the group in micro-batches. In the last one's backward pass every tensor's gradient goes to <paramref name="sums"/> as soon as it is final, and
    /// each layer is marked when it is whole; the caller begins and ends the group.
    /// </summary>
    /// <param name="batch">The group.</param>
    /// <param name="globalLabels">Labels of the global batch, by which the loss is divided; at least 1.</param>
    /// <param name="sums">Where gradients go.</param>
    /// <param name="loss">Losses of the group.</param>
    /// <param name="abort">Looked at between micro-batches, before any gradient is given away.</param>
    /// <returns>False if it was aborted: then nothing was given away.</returns>
    bool RunGroup(GroupBatch batch, long globalLabels, GradientAccumulator sums, out GroupLoss loss, CancellationToken abort);
}
