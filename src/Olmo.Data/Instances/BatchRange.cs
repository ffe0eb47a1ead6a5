using System.Text.Json.Serialization;

namespace Olmo.Data.Instances;

/// <summary>Adjacent global batches in the order of the data.</summary>
/// <param name="First">Number of the first, from 1.</param>
/// <param name="Last">Number of the last, which belongs to the range.</param>
public readonly record struct BatchRange(long First, long Last)
{
    /// <summary>Batches in it.</summary>
    [JsonIgnore]
    public long Count => Last - First + 1;

    /// <inheritdoc/>
    public override string ToString() => First == Last ? $"{First}" : $"{First}-{Last}";
}
