using System.Text.Json.Serialization;

namespace Olmo.Data.Preparation;

[JsonSourceGenerationOptions(WriteIndented = true, NewLine = "\n", PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(StageManifest))]
[JsonSerializable(typeof(SegmentManifest))]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
[JsonSerializable(typeof(SortedDictionary<string, InputDigest>))]
internal sealed partial class PreparationJson : JsonSerializerContext;
