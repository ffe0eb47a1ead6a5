namespace Olmo.Model.Tensors;

/// <summary>
/// A run of elements that the operations of a training step treat as one: sums of squares and digests have one value for each. It lies in two kinds of memory:
/// tensors as passes see them (gradients, weights), and buffers that hold what a rank owns packed (sums, moments).
/// </summary>
/// <param name="Length">Elements, 1 .. <see cref="MaxLength"/>.</param>
/// <param name="InTensor">First element in the operand that passes see.</param>
/// <param name="Packed">First element in every packed operand.</param>
/// <param name="Index">Number of the first element in digests.</param>
public readonly record struct ChunkRange(int Length, long InTensor, long Packed, ulong Index)
{
    /// <summary>Most elements of a range; part of the numerics id, since the gradient's norm is summed by ranges.</summary>
    public const int MaxLength = 16384;
}
