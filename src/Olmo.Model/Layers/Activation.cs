using Olmo.Model.Tensors;

namespace Olmo.Model.Layers;

/// <summary>A tensor of a forward pass: where passes read and write it, and where it stays until the backward pass.</summary>
/// <param name="Values">[rows, columns] in the type that the device works in; none: the family or the kind of pass has no such tensor.</param>
/// <param name="Kept">BF16, as many elements; none: <paramref name="Values"/> themselves stay, or are computed again, or no backward pass reads them.</param>
internal readonly record struct Activation(Tensor Values, Tensor Kept = default)
{
    /// <summary>True if there is no such tensor.</summary>
    public bool IsNone => Values.IsNone;

    public static implicit operator Tensor(Activation activation) => activation.Values;
}
