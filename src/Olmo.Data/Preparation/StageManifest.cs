using System.Security.Cryptography;
using System.Text.Json;

namespace Olmo.Data.Preparation;

/// <summary>The last file that a stage writes: what it was made from and what it made. Holds no times and no absolute paths, so that equal work gives equal bytes.</summary>
internal sealed record StageManifest
{
    /// <summary>File name in the stage's folder.</summary>
    public const string FileName = "manifest.json";

    /// <summary>Version of this format.</summary>
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    public required string Stage { get; init; }

    /// <summary>Hash of <see cref="Parameters"/>.</summary>
    public required string Key { get; init; }

    /// <summary>Everything that decides the stage's output.</summary>
    public required SortedDictionary<string, string> Parameters { get; init; }

    /// <summary>Lower-case hex SHA-256 by file name, for files that no segment lists.</summary>
    public SortedDictionary<string, string> Files { get; init; } = new(StringComparer.Ordinal);

    public string? TokenType { get; init; }

    public int VocabularySize { get; init; }

    public int EosId { get; init; }

    public int? BosId { get; init; }

    public IReadOnlyList<SegmentManifest> Segments { get; init; } = [];

    /// <summary>16 hex digits that name a stage's folder.</summary>
    public static string KeyOf(SortedDictionary<string, string> parameters) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(parameters, PreparationJson.Default.SortedDictionaryStringString)))[..16];
}
