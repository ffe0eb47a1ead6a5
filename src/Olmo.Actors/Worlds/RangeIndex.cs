using System.Text.Json;
using System.Text.Json.Serialization;

namespace Olmo.Actors.Worlds;

/// <summary>
/// A small number per range, immutable: which of a few distinct values a range has. Ranges of one shard stand together, since they mostly agree; in JSON it is pairs
/// of value and count, so that 65,536 ranges take a few hundred bytes. Equality is by content.
/// </summary>
[JsonConverter(typeof(RangeIndexJsonConverter))]
public sealed class RangeIndex : IEquatable<RangeIndex>
{
    /// <summary>Most ranges.</summary>
    public const int MaxRanges = 1 << 26;

    private readonly int[] _values;

    private RangeIndex(int[] values) => _values = values;

    /// <summary>Numbers.</summary>
    public int Count => _values.Length;

    /// <summary>Number at a place.</summary>
    public int this[int place] => _values[place];

    /// <summary>Takes a copy of the numbers.</summary>
    public static RangeIndex Of(ReadOnlySpan<int> values) => new(values.ToArray());

    /// <summary>The same number everywhere.</summary>
    public static RangeIndex Uniform(int count, int value)
    {
        int[] values = new int[count];
        Array.Fill(values, value);
        return new RangeIndex(values);
    }

    /// <inheritdoc/>
    public bool Equals(RangeIndex? other) => other is not null && _values.AsSpan().SequenceEqual(other._values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RangeIndex);

    /// <summary>The same in every process.</summary>
    public override int GetHashCode()
    {
        uint hash = 2166136261;
        foreach (int value in _values)
        {
            hash = (hash ^ (uint)value) * 16777619;
        }

        return (int)hash;
    }

    /// <summary>Throws unless all numbers are at least 0 and below <paramref name="distinct"/>, and there are <paramref name="count"/> of them.</summary>
    internal void Require(int count, int distinct, string what)
    {
        if (_values.Length != count)
        {
            throw new InvalidDataException($"{what}: {_values.Length} ranges are indexed, expected {count}.");
        }

        foreach (int value in _values)
        {
            if ((uint)value >= (uint)distinct)
            {
                throw new InvalidDataException($"{what}: index {value}, but there are {distinct} distinct values.");
            }
        }
    }

    internal ReadOnlySpan<int> Values => _values;
}

/// <summary>Pairs of value and count.</summary>
public sealed class RangeIndexJsonConverter : JsonConverter<RangeIndex>
{
    /// <inheritdoc/>
    public override RangeIndex Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("An index of ranges is an array of pairs.");
        }

        List<int> values = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.Number)
        {
            int value = reader.GetInt32();
            int count = reader.Read() && reader.TokenType == JsonTokenType.Number ? reader.GetInt32() : 0;
            if (count <= 0)
            {
                throw new JsonException("An index of ranges is an array of pairs of value and count.");
            }

            if (values.Count + (long)count > RangeIndex.MaxRanges)
            {
                throw new JsonException($"An index of more than {RangeIndex.MaxRanges} ranges is refused.");
            }

            for (int i = 0; i < count; i++)
            {
                values.Add(value);
            }
        }

        return RangeIndex.Of([.. values]);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, RangeIndex value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStartArray();
        ReadOnlySpan<int> values = value.Values;
        for (int i = 0; i < values.Length;)
        {
            int end = i + 1;
            while (end < values.Length && values[end] == values[i])
            {
                end++;
            }

            writer.WriteNumberValue(values[i]);
            writer.WriteNumberValue(end - i);
            i = end;
        }

        writer.WriteEndArray();
    }
}
