using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Olmo.Conformance;

/// <summary>Reading of the golden files.</summary>
internal static class Golden
{
    public static JsonElement Json(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
        return document.RootElement.Clone();
    }

    public static IEnumerable<JsonElement> Lines(string file)
    {
        foreach (string line in File.ReadLines(file).Where(l => l.Length > 0))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            yield return document.RootElement.Clone();
        }
    }

    public static JsonElement? Get(this JsonElement holder, string name) => holder.TryGetProperty(name, out JsonElement found) ? found : null;

    public static int[] Ints(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    public static string Text(this JsonElement holder, string name) => holder.GetProperty(name).GetString()!;

    public static string Sha256(ReadOnlySpan<int> ids)
    {
        byte[] bytes = new byte[ids.Length * sizeof(int)];
        for (int i = 0; i < ids.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * sizeof(int)), ids[i]);
        }

        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    /// <summary>UTF-8 without newline translation; bytes that are not UTF-8 are an error.</summary>
    public static string ReadText(string file) => new UTF8Encoding(false, true).GetString(File.ReadAllBytes(file));
}
