using System.Text.Json;

namespace Olmo.Model.Formats;

/// <summary>Fields of a JSON object with errors that name file and key.</summary>
internal readonly struct JsonFields(string file, JsonElement element, string path)
{
    /// <summary>True if the key is there and not null.</summary>
    public bool Has(string key) => element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    public int Integer(string key)
    {
        JsonElement value = Get(key);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : throw Wrong(key, value, "a whole number below 2^31");
    }

    public double Number(string key)
    {
        JsonElement value = Get(key);
        return value.ValueKind == JsonValueKind.Number ? value.GetDouble() : throw Wrong(key, value, "a number");
    }

    public bool Flag(string key)
    {
        JsonElement value = Get(key);
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(key, value, "true or false");
    }

    public string Text(string key)
    {
        JsonElement value = Get(key);
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(key, value, "a string");
    }

    public int? OptionalInteger(string key) => Has(key) ? Integer(key) : null;

    public double? OptionalNumber(string key) => Has(key) ? Number(key) : null;

    public JsonFields Child(string key)
    {
        JsonElement value = Get(key);
        return value.ValueKind == JsonValueKind.Object ? new JsonFields(file, value, path + key + ".") : throw Wrong(key, value, "an object");
    }

    public string[] Texts(string key)
    {
        JsonElement value = Get(key);
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(v => v.ValueKind != JsonValueKind.String))
        {
            throw Wrong(key, value, "a list of strings");
        }

        return [.. value.EnumerateArray().Select(v => v.GetString()!)];
    }

    /// <summary>An error about a key.</summary>
    public HuggingFaceException Wrong(string key, object value, string expected) => new(file, $"'{path}{key}' is {value}; {expected} is needed.");

    private JsonElement Get(string key) =>
        Has(key) ? element.GetProperty(key) : throw new HuggingFaceException(file, $"the key '{path}{key}' is missing.");
}
