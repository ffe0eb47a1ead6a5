using System.Text.Json;
using System.Text.Json.Serialization;

namespace Olmo.Actors.Worlds;

/// <summary>Writes a <see cref="GroupMask"/> as its text.</summary>
public sealed class GroupMaskJsonConverter : JsonConverter<GroupMask>
{
    /// <inheritdoc/>
    public override GroupMask Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string text = reader.GetString() ?? throw new JsonException("A set of groups is a text such as '0-3,7'.");
        try
        {
            return GroupMask.Parse(text);
        }
        catch (FormatException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, GroupMask value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.ToString());
    }
}
