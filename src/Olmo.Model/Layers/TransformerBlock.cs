using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>
/// One block. OLMo 1: h = x + Attn(LN(x)), y = h + FFN(LN(h)). OLMo 2 and 3: h = x + RMS(Attn(x)), y = h + RMS(FFN(h)).
/// </summary>
internal sealed class TransformerBlock(ITensorProvider provider, OlmoConfig config, int block, RopeTables rope, ActivationRounding rounding)
{
    private readonly Norm _norm = new(provider, config);
    private readonly AttentionLayer _attention = new(provider, config, block, rope, rounding);
    private readonly FeedForwardLayer _feedForward = new(provider, rounding);
    private readonly bool _isReordered = config.IsReordered;

    /// <summary>From a.Input to a.Output.</summary>
    public void Forward(in BlockTensors w, BlockActivations a, in Passage passage)
    {
        Attend(w, a, passage);
        if (_isReordered)
        {
            _feedForward.Forward(w, a.Middle, a);
            _norm.ForwardOnto(a.Middle, a.Fed, w.FeedForwardNorm, a.Output, a.FeedForwardStatistics);
        }
        else
        {
            _norm.Forward(a.Middle, default, a.NormedMiddle, a.FeedForwardStatistics);
            rounding.Complete(a.NormedMiddle);
            _feedForward.Forward(w, a.NormedMiddle, a);
            provider.Add(a.Middle, a.Fed, a.Output);
        }

        rounding.Complete(a.Output);
    }

    /// <summary>From a.Input all that <see cref="Backward"/> reads, as <see cref="Forward"/> wrote it; a.Output is undefined afterwards.</summary>
    public void Recompute(in BlockTensors w, BlockActivations a, in Passage passage)
    {
        Attend(w, a, passage);
        if (_isReordered)
        {
            _feedForward.Forward(w, a.Middle, a);
            // For the statistics.
            _norm.Forward(a.Fed, w.FeedForwardNorm, a.Output, a.FeedForwardStatistics);
        }
        else
        {
            _norm.Forward(a.Middle, default, a.NormedMiddle, a.FeedForwardStatistics);
            rounding.Complete(a.NormedMiddle);
            _feedForward.Hide(w, a.NormedMiddle, a);
        }
    }

    /// <summary>scratch.Stream holds the gradient of a.Output and becomes that of a.Input.</summary>
    /// <param name="w">Weights.</param>
    /// <param name="a">Activations of the forward pass; some are overwritten.</param>
    /// <param name="passage">As in the forward pass.</param>
    /// <param name="scratch">Scratch.</param>
    /// <param name="g">Gradients of the weights.</param>
    /// <param name="accumulate">True: they go on from what they hold.</param>
    public void Backward(in BlockTensors w, BlockActivations a, in Passage passage, GradientScratch scratch, in BlockTensors g, bool accumulate)
    {
        Tensor stream = scratch.Stream;
        Tensor branch = scratch.Branch;
        if (_isReordered)
        {
            _norm.Backward(stream, a.Fed, w.FeedForwardNorm, a.FeedForwardStatistics, branch, g.FeedForwardNorm, accumulate);
            _feedForward.Backward(w, a.Middle, a, branch, stream, accumulateInput: true, scratch, g, accumulate);
            _norm.Backward(stream, a.Attended, w.AttentionNorm, a.AttentionStatistics, branch, g.AttentionNorm, accumulate);
            _attention.Backward(w, a.Input, a, passage, branch, stream, accumulateInput: true, scratch, g, accumulate);
        }
        else
        {
            _feedForward.Backward(w, a.NormedMiddle, a, Upstream(scratch), branch, accumulateInput: false, scratch, g, accumulate);
            _norm.Backward(branch, a.Middle, default, a.FeedForwardStatistics, branch, default, accumulate);
            provider.Add(stream, branch, stream);
            _attention.Backward(w, a.NormedInput, a, passage, Upstream(scratch), branch, accumulateInput: false, scratch, g, accumulate);
            _norm.Backward(branch, a.Input, default, a.AttentionStatistics, branch, default, accumulate);
            provider.Add(stream, branch, stream);
        }
    }

    // The stream's gradient as products take it.
    private Tensor Upstream(GradientScratch scratch)
    {
        if (scratch.Rounded.IsNone)
        {
            return scratch.Stream;
        }

        provider.RoundToBFloat16(scratch.Stream, default, scratch.Rounded);
        return scratch.Rounded;
    }

    // From a.Input to a.Middle.
    private void Attend(in BlockTensors w, BlockActivations a, in Passage passage)
    {
        if (_isReordered)
        {
            _attention.Forward(w, a.Input, a, passage);
            _norm.ForwardOnto(a.Input, a.Attended, w.AttentionNorm, a.Middle, a.AttentionStatistics);
        }
        else
        {
            _norm.Forward(a.Input, default, a.NormedInput, a.AttentionStatistics);
            rounding.Complete(a.NormedInput);
            _attention.Forward(w, a.NormedInput, a, passage);
            provider.Add(a.Input, a.Attended, a.Middle);
        }

        rounding.Complete(a.Middle);
    }
}
