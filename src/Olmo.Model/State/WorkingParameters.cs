using System.Runtime.InteropServices;
using Olmo.Model.Compute;

namespace Olmo.Model.State;

/// <summary>
/// The fp32 tensors that forward and backward passes read: one address per tensor of the layout, each tensor contiguous. Where a rank owns every shard they
/// are the master parameters too, with no second copy.
/// </summary>
public sealed unsafe class WorkingParameters
{
    private readonly nint[] _tensors;

    /// <summary>Takes the address of each tensor, in layout order; the memory must outlive this object and stay where it is.</summary>
    /// <exception cref="ArgumentException">Not one address per tensor, or a null address.</exception>
    internal WorkingParameters(ParameterLayout layout, ReadOnlySpan<nint> tensors)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (tensors.Length != layout.Tensors.Length || tensors.Contains(0))
        {
            throw new ArgumentException($"{tensors.Length} addresses were given for {layout.Tensors.Length} tensors, or one is null.", nameof(tensors));
        }

        Layout = layout;
        _tensors = tensors.ToArray();
    }

    /// <summary>Order and shapes of the tensors.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>Address of a tensor.</summary>
    internal float* Tensor(int index) => (float*)_tensors[index];

    /// <summary>Address of a chunk.</summary>
    internal float* Chunk(in ParameterChunk chunk) => Tensor(chunk.Tensor) + chunk.Offset;

    /// <summary>Tensors in layout order, packed in a buffer that the caller owns.</summary>
    internal static WorkingParameters Packed(ParameterLayout layout, AlignedBuffer buffer)
    {
        nint[] addresses = new nint[layout.Tensors.Length];
        for (int t = 0; t < addresses.Length; t++)
        {
            addresses[t] = (nint)buffer.Pointer<float>(layout.Tensors[t].FirstElement);
        }

        return new WorkingParameters(layout, addresses);
    }

    /// <summary>Elements from..from + length of a tensor.</summary>
    public ReadOnlySpan<float> Read(int tensor, long from, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, Layout.Tensors[tensor].Elements - length);
        return MemoryMarshal.CreateReadOnlySpan(ref *(Tensor(tensor) + from), length);
    }
}
