using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;

namespace Olmo.Model.Formats;

/// <summary>
/// The header of a safetensors file. Layout of a file: length n of the JSON (u64, little-endian), n bytes of JSON, the data of all tensors without gaps.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>Longest JSON that is read or written, bytes: the limit of the format.</summary>
    public const int MaxJsonBytes = 100_000_000;

    /// <summary>Bytes before the JSON.</summary>
    public const int PrefixBytes = 8;

    /// <summary>Key of the metadata.</summary>
    public const string MetadataKey = "__metadata__";

    internal SafetensorsHeader(ImmutableArray<SafetensorsTensor> tensors, ImmutableArray<KeyValuePair<string, string>> metadata)
    {
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>In the order of their data.</summary>
    public ImmutableArray<SafetensorsTensor> Tensors { get; }

    /// <summary>In the order of the file.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Metadata { get; }

    /// <summary>Bytes of all tensors.</summary>
    public long DataBytes => Tensors.IsEmpty ? 0 : Tensors[^1].End;

    /// <summary>Puts tensors one after the other.</summary>
    /// <exception cref="ArgumentException">Two have the same name, a length is negative, or an element type has no whole bytes.</exception>
    public static SafetensorsHeader Plan(
        IEnumerable<(string Name, SafetensorsType Type, ImmutableArray<long> Shape)> tensors, params ReadOnlySpan<KeyValuePair<string, string>> metadata)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ImmutableArray<SafetensorsTensor>.Builder planned = ImmutableArray.CreateBuilder<SafetensorsTensor>();
        HashSet<string> names = new(StringComparer.Ordinal) { MetadataKey };
        long begin = 0;
        foreach ((string name, SafetensorsType type, ImmutableArray<long> shape) in tensors)
        {
            if (!names.Add(name))
            {
                throw new ArgumentException($"Two tensors are called '{name}', or it is the name of the metadata.", nameof(tensors));
            }

            long elements = 1;
            foreach (long length in shape)
            {
                ArgumentOutOfRangeException.ThrowIfNegative(length);
                elements = checked(elements * length);
            }

            if (type.SizeBits() % 8 != 0)
            {
                throw new ArgumentException($"Tensor '{name}' is {type.Name()}; only types of whole bytes are written.", nameof(tensors));
            }

            long end = checked(begin + (elements * (type.SizeBits() / 8)));
            planned.Add(new SafetensorsTensor(name, type, shape, begin, end));
            begin = end;
        }

        return new SafetensorsHeader(planned.ToImmutable(), [.. metadata]);
    }

    /// <summary>Length, JSON, and spaces up to a multiple of 8 bytes: the same bytes for the same header.</summary>
    /// <exception cref="InvalidOperationException">The JSON is longer than the format allows.</exception>
    public byte[] ToBytes()
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            Write(json);
        }

        int padded = (buffer.WrittenCount + 7) & ~7;
        if (padded > MaxJsonBytes)
        {
            throw new InvalidOperationException($"The header of {Tensors.Length} tensors has {padded} bytes; the format allows {MaxJsonBytes}.");
        }

        byte[] bytes = new byte[PrefixBytes + padded];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, padded);
        buffer.WrittenSpan.CopyTo(bytes.AsSpan(PrefixBytes));
        bytes.AsSpan(PrefixBytes + buffer.WrittenCount).Fill((byte)' ');
        return bytes;
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        if (!Metadata.IsEmpty)
        {
            json.WriteStartObject(MetadataKey);
            foreach ((string key, string value) in Metadata)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }

        foreach (SafetensorsTensor tensor in Tensors)
        {
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", tensor.Type.Name());
            json.WriteStartArray("shape");
            foreach (long length in tensor.Shape)
            {
                json.WriteNumberValue(length);
            }

            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(tensor.Begin);
            json.WriteNumberValue(tensor.End);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
