namespace Olmo.Model.Tensors;

/// <summary>Types of a model's numbers. They are settings of their own even where all are fp32.</summary>
/// <param name="Master">Weights that the optimizer updates.</param>
/// <param name="Compute">Weights and activations that passes read and write; accumulators are always fp32.</param>
/// <param name="Reduce">Gradients that leave a pass.</param>
public sealed record Precision(DType Master, DType Compute, DType Reduce)
{
    /// <summary>fp32 everywhere.</summary>
    public static Precision Single { get; } = new(DType.F32, DType.F32, DType.F32);
}
