using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

using Olmo.Data.Documents;
using Olmo.Data.Files;

namespace Olmo.Data.Preparation;

/// <summary>
/// SHA-256 over names and contents of the input files. A file is read again only if its size or its time of change differs from what the cache beside
/// the prepared data says; the cache is not needed and may be lost.
/// </summary>
internal static class InputFingerprint
{
    private const string CacheName = "inputs.json";

    public static string Compute(DocumentSource source, string folder, IProgress<PreparationProgress>? progress, CancellationToken cancellation)
    {
        string cachePath = Path.Combine(folder, CacheName);
        SortedDictionary<string, InputDigest> known = ReadCache(cachePath);
        SortedDictionary<string, InputDigest> current = new(StringComparer.Ordinal);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long total = Math.Max(1, source.Files.Sum(f => f.SizeBytes));
        long done = 0;
        foreach (InputFileInfo file in source.Files)
        {
            cancellation.ThrowIfCancellationRequested();
            string path = Path.GetFullPath(file.FullPath);
            InputDigest digest = Digest(path, known.GetValueOrDefault(path));
            current[path] = digest;
            hash.AppendData(Encoding.UTF8.GetBytes($"{file.Name}\n{digest.SizeBytes}\n{digest.Sha256}\n"));
            done += file.SizeBytes;
            progress?.Report(new PreparationProgress(PreparationStage.Inputs, "reading the inputs", (double)done / total));
        }

        if (!known.SequenceEqual(current))
        {
            DurableFile.WriteAllBytes(cachePath, JsonSerializer.SerializeToUtf8Bytes(current, PreparationJson.Default.SortedDictionaryStringInputDigest));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Lower-case hex SHA-256 of a file.</summary>
    public static string Sha256Of(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static InputDigest Digest(string path, InputDigest? known)
    {
        try
        {
            FileInfo info = new(path);
            long ticks = info.LastWriteTimeUtc.Ticks;
            return known is not null && known.SizeBytes == info.Length && known.ModifiedTicks == ticks
                ? known
                : new InputDigest(info.Length, ticks, Sha256Of(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    private static SortedDictionary<string, InputDigest> ReadCache(string path)
    {
        SortedDictionary<string, InputDigest> empty = new(StringComparer.Ordinal);
        if (!File.Exists(path))
        {
            return empty;
        }

        try
        {
            SortedDictionary<string, InputDigest>? read = JsonSerializer.Deserialize(File.ReadAllBytes(path), PreparationJson.Default.SortedDictionaryStringInputDigest);
            return read is null ? empty : new SortedDictionary<string, InputDigest>(read, StringComparer.Ordinal);
        }
        catch (JsonException)
        {
            // Only a cache: the digests are computed again.
            return empty;
        }
    }
}
