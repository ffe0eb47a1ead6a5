using System.Collections.Immutable;
using Olmo.Model.Tensors;

namespace Olmo.Model.State;

/// <summary>A tensor of the model, as the layout sees it.</summary>
/// <param name="Name">Name in weight files, unique.</param>
/// <param name="Shape">Lengths of its axes, row-major.</param>
/// <param name="Layer">0 for the embedding, then the blocks, then the head; the unit in which gradients become final.</param>
public sealed record ParameterShape(string Name, ImmutableArray<long> Shape, int Layer)
{
    /// <summary>Types of its numbers.</summary>
    public Precision Precision { get; init; } = Precision.Single;

    /// <summary>Elements of the tensor.</summary>
    public long Elements
    {
        get
        {
            long elements = 1;
            foreach (long length in Shape)
            {
                elements = checked(elements * length);
            }

            return elements;
        }
    }
}
