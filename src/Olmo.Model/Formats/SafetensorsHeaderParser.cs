using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Olmo.Model.Formats;

/// <summary>
/// Reads the JSON of a safetensors header. It accepts what the reference reader accepts (unknown keys of a tensor, <c>__metadata__: null</c>, a name that is
/// there twice with the same content, white space around) and refuses what that refuses.
/// </summary>
internal readonly struct SafetensorsHeaderParser(string file)
{
    /// <summary>Reads the JSON and checks that the tensors lie one after the other without gap or overlap.</summary>
    /// <exception cref="SafetensorsFormatException">They do not, or the JSON is no header.</exception>
    public SafetensorsHeader Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return ParseRoot(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            // InvalidOperationException is what the JSON reader throws for text that is not UTF-8.
            throw new SafetensorsFormatException(file, null, $"its header is no valid JSON: {e.Message}", e);
        }
    }

    private SafetensorsHeader ParseRoot(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 64 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new SafetensorsFormatException(file, null, $"its header is a JSON {Kind(reader.TokenType)}; it must be an object.");
        }

        Dictionary<string, SafetensorsTensor> byName = new(StringComparer.Ordinal);
        ImmutableArray<KeyValuePair<string, string>>? metadata = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (name == SafetensorsHeader.MetadataKey)
            {
                metadata = metadata is null ? ParseMetadata(ref reader) : throw new SafetensorsFormatException(file, null, "its header has __metadata__ twice.");
                continue;
            }

            SafetensorsTensor tensor = ParseTensor(ref reader, name);
            if (byName.TryGetValue(name, out SafetensorsTensor? other) && !IsSame(tensor, other))
            {
                throw new SafetensorsFormatException(
                    file, name, $"is there twice: bytes {other.Begin} to {other.End} and {tensor.Begin} to {tensor.End}; a name must be unique.");
            }

            byName[name] = tensor;
        }

        // Anything but white space after the object is an error of the reader's.
        reader.Read();
        ImmutableArray<SafetensorsTensor> tensors = [.. byName.Values.OrderBy(t => t.Begin).ThenBy(t => t.End).ThenBy(t => t.Name, StringComparer.Ordinal)];
        RequireContiguous(tensors);
        return new SafetensorsHeader(tensors, metadata ?? []);
    }

    private void RequireContiguous(ImmutableArray<SafetensorsTensor> tensors)
    {
        long end = 0;
        string before = "the start of the data";
        foreach (SafetensorsTensor tensor in tensors)
        {
            if (tensor.Begin != end)
            {
                string fault = tensor.Begin < end ? "overlap" : "gap";
                throw new SafetensorsFormatException(
                    file, tensor.Name, $"begins at byte {tensor.Begin}; it must begin at byte {end}, which is {before} ({fault}).");
            }

            end = tensor.End;
            before = $"the end of tensor '{tensor.Name}'";
        }
    }

    private ImmutableArray<KeyValuePair<string, string>> ParseMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return [];
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new SafetensorsFormatException(file, null, $"its __metadata__ is a JSON {Kind(reader.TokenType)}; it must be an object of strings.");
        }

        Dictionary<string, int> places = new(StringComparer.Ordinal);
        ImmutableArray<KeyValuePair<string, string>>.Builder pairs = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw new SafetensorsFormatException(file, null, $"its __metadata__ '{key}' is a JSON {Kind(reader.TokenType)}; it must be a string.");
            }

            KeyValuePair<string, string> pair = new(key, reader.GetString()!);
            if (places.TryGetValue(key, out int place))
            {
                pairs[place] = pair;
            }
            else
            {
                places.Add(key, pairs.Count);
                pairs.Add(pair);
            }
        }

        return pairs.ToImmutable();
    }

    private SafetensorsTensor ParseTensor(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new SafetensorsFormatException(file, name, $"is a JSON {Kind(reader.TokenType)}; it must be an object with dtype, shape and data_offsets.");
        }

        SafetensorsType? type = null;
        ImmutableArray<long>? shape = null;
        ImmutableArray<long>? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            switch (key)
            {
                case "dtype":
                    type = type is null ? ParseType(ref reader, name) : throw Twice(name, key);
                    break;
                case "shape":
                    shape = shape is null ? ParseNumbers(ref reader, name, key) : throw Twice(name, key);
                    break;
                case "data_offsets":
                    offsets = offsets is null ? ParseNumbers(ref reader, name, key) : throw Twice(name, key);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return Checked(
            name, type ?? throw Missing(name, "dtype"), shape ?? throw Missing(name, "shape"), offsets ?? throw Missing(name, "data_offsets"));
    }

    private SafetensorsTensor Checked(string name, SafetensorsType type, ImmutableArray<long> shape, ImmutableArray<long> offsets)
    {
        if (offsets.Length != 2)
        {
            throw new SafetensorsFormatException(file, name, $"has {offsets.Length} data_offsets; it must have 2, begin and end.");
        }

        SafetensorsTensor tensor = new(name, type, shape, offsets[0], offsets[1]);
        long bits;
        try
        {
            bits = checked(tensor.Elements * type.SizeBits());
        }
        catch (OverflowException e)
        {
            throw new SafetensorsFormatException(file, name, $"has shape {tensor.ShapeText} of {type.Name()}; its size must fit 63 bits.", e);
        }

        if (bits % 8 != 0)
        {
            throw new SafetensorsFormatException(file, name, $"has shape {tensor.ShapeText} of {type.Name()}, which are {bits} bits; they must be whole bytes.");
        }

        if (tensor.End < tensor.Begin || tensor.SizeBytes != bits / 8)
        {
            throw new SafetensorsFormatException(
                file,
                name,
                $"has data_offsets {tensor.Begin} to {tensor.End}, {tensor.SizeBytes} bytes; shape {tensor.ShapeText} of {type.Name()} must have {bits / 8}.");
        }

        return tensor;
    }

    private SafetensorsType ParseType(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw new SafetensorsFormatException(file, name, $"has a JSON {Kind(reader.TokenType)} as dtype; it must be a string.");
        }

        string text = reader.GetString()!;
        return SafetensorsTypes.TryParse(text, out SafetensorsType type)
            ? type
            : throw new SafetensorsFormatException(file, name, $"has dtype '{text}'; it must be one of {SafetensorsTypes.AllNames}.");
    }

    private ImmutableArray<long> ParseNumbers(ref Utf8JsonReader reader, string name, string key)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new SafetensorsFormatException(file, name, $"has a JSON {Kind(reader.TokenType)} as {key}; it must be an array of whole numbers.");
        }

        ImmutableArray<long>.Builder numbers = ImmutableArray.CreateBuilder<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
            {
                string value = reader.TokenType is JsonTokenType.Number or JsonTokenType.String
                    ? Encoding.UTF8.GetString(reader.ValueSpan)
                    : Kind(reader.TokenType);
                throw new SafetensorsFormatException(
                    file, name, $"has {key}[{numbers.Count}] = {value}; it must be a whole number from 0 to {long.MaxValue}.");
            }

            numbers.Add(number);
        }

        return numbers.ToImmutable();
    }

    private SafetensorsFormatException Missing(string name, string key) => new(file, name, $"has no {key}.");

    private SafetensorsFormatException Twice(string name, string key) => new(file, name, $"has {key} twice.");

    private static bool IsSame(SafetensorsTensor a, SafetensorsTensor b) =>
        (a.Type, a.Begin, a.End) == (b.Type, b.Begin, b.End) && a.Shape.AsSpan().SequenceEqual(b.Shape.AsSpan());

    private static string Kind(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "object",
        JsonTokenType.StartArray => "array",
        JsonTokenType.String => "string",
        JsonTokenType.Number => "number",
        JsonTokenType.Null => "null",
        JsonTokenType.None => "text of no length",
        _ => "boolean",
    };
}
