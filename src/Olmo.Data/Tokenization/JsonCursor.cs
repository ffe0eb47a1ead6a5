using System.Text.Json;

namespace Olmo.Data.Tokenization;

/// <summary>A JSON value that knows where it stands, so that every complaint names file, path and value.</summary>
internal readonly record struct JsonCursor(JsonElement Value, string File, string Path)
{
    private const int ShownLengthMax = 120;

    public JsonValueKind Kind => Value.ValueKind;

    public bool IsNull => Kind == JsonValueKind.Null;

    public TokenizerFormatException Error(string expected)
    {
        string shown = Value.GetRawText();
        return new TokenizerFormatException(File, Path, $"{expected}, not {(shown.Length > ShownLengthMax ? shown[..ShownLengthMax] + "..." : shown)}");
    }

    /// <summary>The property, or null where it is absent or null.</summary>
    public JsonCursor? Optional(string name)
    {
        if (Kind != JsonValueKind.Object)
        {
            throw Error("must be an object");
        }

        return Value.TryGetProperty(name, out JsonElement found) && found.ValueKind != JsonValueKind.Null
            ? new JsonCursor(found, File, $"{Path}.{name}")
            : null;
    }

    public JsonCursor Required(string name) =>
        Optional(name) ?? throw new TokenizerFormatException(File, $"{Path}.{name}", "is missing or null");

    public string Text() => Kind == JsonValueKind.String ? Value.GetString()! : throw Error("must be a string");

    public int Id() => Kind == JsonValueKind.Number && Value.TryGetInt32(out int id) && id is >= 0 and < int.MaxValue
        ? id
        : throw Error($"must be an id, 0 to {int.MaxValue - 1}");

    public bool Flag(string name, bool absent = false)
    {
        if (Optional(name) is not { } flag)
        {
            return absent;
        }

        return flag.Kind is JsonValueKind.True or JsonValueKind.False ? flag.Value.GetBoolean() : throw flag.Error("must be true or false");
    }

    public string Type() => Required("type").Text();

    public IEnumerable<JsonCursor> Items()
    {
        if (Kind != JsonValueKind.Array)
        {
            throw Error("must be an array");
        }

        return Enumerate(this);

        static IEnumerable<JsonCursor> Enumerate(JsonCursor array)
        {
            int index = 0;
            foreach (JsonElement item in array.Value.EnumerateArray())
            {
                yield return new JsonCursor(item, array.File, $"{array.Path}[{index++}]");
            }
        }
    }
}
