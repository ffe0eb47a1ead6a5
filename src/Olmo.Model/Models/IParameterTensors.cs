using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>One tensor for each parameter of a model: weights, or gradients.</summary>
public interface IParameterTensors
{
    /// <summary>By index in the <see cref="ParameterList"/>.</summary>
    Tensor this[int parameter] { get; }
}
