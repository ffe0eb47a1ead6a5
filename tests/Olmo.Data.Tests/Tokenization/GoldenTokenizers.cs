using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Olmo.Data.Tokenization;
using Olmo.Tests;

namespace Olmo.Data.Tests.Tokenization;

/// <summary>The two reference tokenizers, loaded once, and the golden files.</summary>
internal static class GoldenTokenizers
{
    private static readonly Lazy<Tokenizer> Dolma2 = new(() => Tokenizer.Load(ReferenceData.PathOf("tokenizers", "dolma2.json")));
    private static readonly Lazy<Tokenizer> Neox = new(() => Tokenizer.Load(ReferenceData.PathOf("tokenizers", "gpt-neox-olmo-dolma-v1_5.json")));

    public static Tokenizer ByName(string name) => name switch
    {
        "dolma2" => Dolma2.Value,
        "neox" => Neox.Value,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "dolma2 or neox"),
    };

    public static PieceScanner ScannerOf(string name) => name == "dolma2" ? new Cl100kScanner(3) : new Gpt2Scanner();

    public static IEnumerable<JsonElement> Lines(params string[] path) =>
        File.ReadLines(ReferenceData.PathOf(["golden", "tokenizers", .. path])).Where(l => l.Length > 0).Select(l => Root(l));

    public static JsonElement Json(params string[] path) => Root(File.ReadAllText(ReferenceData.PathOf(["golden", .. path])));

    public static int[] Ints(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    public static int[] Ints(this JsonElement holder, string name) => holder.GetProperty(name).Ints();

    public static string Text(this JsonElement holder, string name) => holder.GetProperty(name).GetString()!;

    public static string? TextOrNull(this JsonElement holder, string name) => holder.TryGetProperty(name, out JsonElement e) ? e.GetString() : null;

    public static string Sha256(ReadOnlySpan<int> ids)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (int id in ids)
        {
            hash.AppendUInt32(id);
        }

        return Hex(hash);
    }

    public static void AppendUInt32(this IncrementalHash hash, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        hash.AppendData(bytes);
    }

    public static string Hex(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());

    /// <summary>UTF-16 index of each code point, and the length at the end.</summary>
    public static int[] CodePointStarts(string text)
    {
        List<int> starts = [];
        for (int i = 0; i < text.Length; i += char.IsSurrogatePair(text, i) ? 2 : 1)
        {
            starts.Add(i);
        }

        return [.. starts, text.Length];
    }

    private static JsonElement Root(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
