namespace Olmo.Model.State;

/// <summary>A run of elements of one tensor: the unit that is dealt to shards and that the norm is summed by.</summary>
/// <param name="Index">Number over all tensors.</param>
/// <param name="Tensor">Index of its tensor.</param>
/// <param name="Offset">First element inside the tensor.</param>
/// <param name="Length">Elements: the layout's chunk size, less at the end of a tensor.</param>
/// <param name="FirstElement">First element counted over all tensors.</param>
public readonly record struct ParameterChunk(int Index, int Tensor, long Offset, int Length, long FirstElement);
