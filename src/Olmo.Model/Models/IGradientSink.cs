using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>Takes the gradients of a group as soon as they are final, from the last layer to the first.</summary>
public interface IGradientSink
{
    /// <summary>
    /// The final gradient of one use of a parameter. A tied embedding comes twice, first as the head's matrix and at the end as the embedding: each use has a
    /// chain of its own, rounded by itself.
    /// </summary>
    /// <param name="parameter">Index in the <see cref="ParameterList"/>.</param>
    /// <param name="gradient">Of the parameter's shape; its memory is used again after the call.</param>
    void Add(int parameter, in Tensor gradient);

    /// <summary>Says that every use of every parameter of a layer was given.</summary>
    void LayerReady(int layer);
}
