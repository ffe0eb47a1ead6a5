using System.Collections.Immutable;
using System.Globalization;

namespace Olmo.Model.Formats;

/// <summary>A tensor as the header of a safetensors file describes it.</summary>
/// <param name="Name">Name, unique in the file.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Shape">Lengths of its axes, row-major; none: a scalar.</param>
/// <param name="Begin">First byte, counted from the start of the data.</param>
/// <param name="End">Byte after its last one, counted from the start of the data.</param>
public sealed record SafetensorsTensor(string Name, SafetensorsType Type, ImmutableArray<long> Shape, long Begin, long End)
{
    /// <summary>Bytes of the tensor.</summary>
    public long SizeBytes => End - Begin;

    /// <summary>Number of elements.</summary>
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

    /// <summary>The shape as text: <c>[3, 5]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape.Select(n => n.ToString(CultureInfo.InvariantCulture)))}]";
}
