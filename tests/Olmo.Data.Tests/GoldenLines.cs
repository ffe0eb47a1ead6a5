using System.Text.Json;

using Olmo.Tests;

namespace Olmo.Data.Tests;

/// <summary>Reads reference data written as one JSON object a line.</summary>
internal static class GoldenLines
{
    public static IEnumerable<JsonElement> Read(params string[] parts)
    {
        foreach (string line in File.ReadLines(ReferenceData.PathOf(["golden", .. parts])))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            yield return document.RootElement.Clone();
        }
    }

    public static JsonElement ReadWhole(params string[] parts)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(ReferenceData.PathOf(["golden", .. parts])));
        return document.RootElement.Clone();
    }

    public static int[] Ints(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    public static long[] Longs(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt64())];
}
