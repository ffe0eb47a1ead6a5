using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Olmo.Actors.Worlds;

/// <summary>Generated readers and writers of what goes over links when a world is formed. Norms may be infinite or NaN in a step that was left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(WorldReport))]
[JsonSerializable(typeof(GenerationPlan))]
internal sealed partial class WorldJson : JsonSerializerContext
{
    public static T Read<T>(ReadOnlySpan<byte> bytes, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw new InvalidDataException($"{what}: null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{what} is not readable: {e.Message}", e);
        }
    }
}
