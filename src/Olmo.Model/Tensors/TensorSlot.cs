namespace Olmo.Model.Tensors;

/// <summary>Place of a tensor in a <see cref="BufferPlan"/>; gives the tensor once the plan is allocated.</summary>
/// <param name="Index">Number in the plan.</param>
public readonly record struct TensorSlot(int Index);
