using System.Collections.Immutable;
using Olmo.Model.Tensors;

namespace Olmo.Model.State;

/// <summary>
/// The tensors that forward and backward passes read: one per tensor of the layout, on one provider. Where a rank owns every shard they are the master parameters
/// too, with no second copy; they have the master type, and passes that compute in a narrower one round them. The memory stays the caller's.
/// </summary>
public sealed class WorkingParameters
{
    private readonly ImmutableArray<Tensor> _tensors;

    /// <summary>Takes a handle of each tensor, in layout order.</summary>
    /// <exception cref="ArgumentException">Not one tensor of the right size and type for each of the layout.</exception>
    /// <exception cref="NotSupportedException">The provider does not offer the types of a tensor.</exception>
    public WorkingParameters(ITensorProvider provider, ParameterLayout layout, ImmutableArray<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(layout);
        if (tensors.Length != layout.Tensors.Length)
        {
            throw new ArgumentException($"{tensors.Length} tensors were given for the {layout.Tensors.Length} of the layout.", nameof(tensors));
        }

        for (int t = 0; t < tensors.Length; t++)
        {
            ParameterShape shape = layout.Tensors[t].Tensor;
            shape.Precision.ThrowIfNotOffered(provider, shape.Name);
            if (tensors[t].Count != shape.Elements || tensors[t].DType != shape.Precision.Master)
            {
                throw new ArgumentException(
                    $"'{shape.Name}' has {shape.Elements} elements of {shape.Precision.Master}; given was '{tensors[t].Buffer.Name}' {tensors[t].DType} {tensors[t].Shape}.",
                    nameof(tensors));
            }
        }

        Provider = provider;
        Layout = layout;
        _tensors = tensors;
    }

    /// <summary>Device of the tensors.</summary>
    public ITensorProvider Provider { get; }

    /// <summary>Order and shapes of the tensors.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>A tensor by its index in the layout.</summary>
    public Tensor Tensor(int index) => _tensors[index];

    /// <summary>The elements of a chunk.</summary>
    public Tensor Chunk(in ParameterChunk chunk) => Elements(chunk.Tensor, chunk.Offset, chunk.Length);

    /// <summary>Copies elements from, from + 1, ... of a tensor to the host. Waits for the device.</summary>
    public void Read(int tensor, long from, Span<float> values) => Provider.Read(Elements(tensor, from, values.Length), values);

    /// <summary>Overwrites elements from, from + 1, ... of a tensor.</summary>
    public void Write(int tensor, long from, ReadOnlySpan<float> values) => Provider.Write(Elements(tensor, from, values.Length), values);

    private Tensor Elements(int tensor, long from, int count) => _tensors[tensor].View(from, new Shape(count));
}
