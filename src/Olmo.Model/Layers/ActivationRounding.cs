using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>
/// The one list of what is rounded to bf16, once, where a model is trained in it; fused or unfused, kept or computed again, for any micro-batch and in passes without gradients it is the same.
/// <list type="table">
/// <item><term>the residual stream</term><description>output of the embedding; after attention's branch was added; after the feed-forward layer's</description></item>
/// <item><term>norms</term><description>OLMo 1: both inputs of sublayers. All: the final norm's output. Not OLMo 2's and 3's normed branches, which are summands of the stream</description></item>
/// <item><term>attention</term><description>q, k and v as projected, where a norm or clamp follows; q and k after RoPE and v, as attention reads them (nothing between); its output; its projection's output</description></item>
/// <item><term>feed-forward layer</term><description>gate, up, silu(gate) ⊙ up, output</description></item>
/// <item><term>weights</term><description>every parameter as passes see it, see <see cref="Models.RoundedWeights"/>; the optimizer's stay fp32</description></item>
/// </list>
/// Everything else is fp32: accumulators, what is inside a norm, RoPE's tables, softmax and its probabilities, statistics for the backward pass, logits, losses, and all gradients.
/// </summary>
/// <remarks>
/// A device that stores activations as bf16 itself (<see cref="ITensorProvider.ActivationTypes"/>) rounds these and nothing else on the way forward but probabilities as its attention's products take
/// them, so that its activations stay near the CPU's. On the way back it rounds gradients of activations, too, but not the stream's, to which branch after branch is added.
/// OLMo's own trainers round these tensors and, too, logits, probabilities, the summands of the stream and gradients of activations, by which no memory would be saved here.
/// </remarks>
/// <param name="provider">Device.</param>
/// <param name="type">F32: nothing is rounded. BF16: this rounds, unless the device's operations do where they store.</param>
internal sealed class ActivationRounding(ITensorProvider provider, DType type)
{
    private readonly bool _rounds = type switch
    {
        DType.F32 => false,
        DType.BF16 => !provider.ActivationTypes.Contains(DType.BF16),
        _ => throw new NotSupportedException($"Activations are stored as F32 or BF16, not as {type}."),
    };

    /// <summary>Called once when a tensor of the list is computed: rounds it and keeps it.</summary>
    public void Complete(in Activation activation)
    {
        if (_rounds)
        {
            provider.RoundToBFloat16(activation.Values, activation.Values, activation.Kept);
        }
    }
}
