using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>SwiGLU: out = (silu(x Wgᵀ) ⊙ x Wuᵀ) Wdᵀ.</summary>
internal sealed class FeedForwardLayer(ITensorProvider provider, ActivationRounding rounding)
{
    /// <summary>Writes a.Gate, a.Up, a.Hidden and a.Fed.</summary>
    public void Forward(in BlockTensors w, in Tensor x, BlockActivations a)
    {
        Hide(w, x, a);
        provider.Linear(a.Hidden, w.Down, a.Fed);
        rounding.Complete(a.Fed);
    }

    /// <summary>Writes a.Gate, a.Up and a.Hidden.</summary>
    public void Hide(in BlockTensors w, in Tensor x, BlockActivations a)
    {
        provider.Linear(x, w.Gate, a.Gate);
        rounding.Complete(a.Gate);
        provider.Linear(x, w.Up, a.Up);
        rounding.Complete(a.Up);
        provider.SwiGlu(a.Gate, a.Up, a.Hidden);
        rounding.Complete(a.Hidden);
    }

    /// <summary>From the gradient of a.Fed to that of x; a.Gate and a.Up are overwritten by their gradients.</summary>
    /// <param name="w">Weights.</param>
    /// <param name="x">Input of the forward pass.</param>
    /// <param name="a">Activations of the forward pass.</param>
    /// <param name="dy">[rows, d]</param>
    /// <param name="dx">[rows, d], not dy.</param>
    /// <param name="accumulateInput">True: dx goes on from what it holds.</param>
    /// <param name="scratch">Scratch.</param>
    /// <param name="g">Gradients of the weights.</param>
    /// <param name="accumulate">True: they go on from what they hold.</param>
    public void Backward(
        in BlockTensors w, in Tensor x, BlockActivations a, in Tensor dy, in Tensor dx, bool accumulateInput, GradientScratch scratch, in BlockTensors g, bool accumulate)
    {
        provider.LinearWeightGradient(dy, a.Hidden, g.Down, accumulate);
        provider.LinearInputGradient(dy, w.Down, scratch.Hidden);
        provider.SwiGluGradient(scratch.Hidden, a.Gate, a.Up, a.Gate, a.Up);
        provider.LinearWeightGradient(a.Gate, x, g.Gate, accumulate);
        provider.LinearWeightGradient(a.Up, x, g.Up, accumulate);
        provider.LinearInputGradient(a.Gate, w.Gate, dx, accumulateInput);
        provider.LinearInputGradient(a.Up, w.Up, dx, accumulate: true);
    }
}
