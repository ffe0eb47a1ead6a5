using System.Text.Json;
using System.Text.Json.Serialization;

namespace Olmo.Actors.Links;

/// <summary>A handle of an actor as its address: a text on the wire, in the process a handle that reaches the same actor.</summary>
internal sealed class ActorRefJsonConverter(Func<IActorRef, string> addressOf, Func<string, IActorRef> resolve) : JsonConverter<IActorRef>
{
    public override IActorRef Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.String ? resolve(reader.GetString()!) : throw new JsonException("an address is a text");

    public override void Write(Utf8JsonWriter writer, IActorRef value, JsonSerializerOptions options) => writer.WriteStringValue(addressOf(value));
}

/// <summary>JSON has no number for NaN and the infinities, and a step that was skipped has them: they travel as texts.</summary>
internal sealed class DoubleJsonConverter : JsonConverter<double>
{
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Number => reader.GetDouble(),
        JsonTokenType.String => reader.GetString() switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            _ => throw new JsonException("a number is NaN, Infinity or -Infinity where it is a text"),
        },
        _ => throw new JsonException("a number is expected"),
    };

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
            return;
        }

        writer.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }
}
