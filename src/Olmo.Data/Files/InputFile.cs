namespace Olmo.Data.Files;

/// <summary>Opens files for reading from start to end, decompressed as their extension says (.gz, .zst, .zstd).</summary>
internal static class InputFile
{
    private const int BufferBytes = 1 << 16;

    /// <exception cref="DataException">The file cannot be opened, or the zstd library is missing.</exception>
    public static Stream Open(string path)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be opened: {e.Message}", e);
        }

        try
        {
            return Path.GetExtension(path) switch
            {
                ".gz" => new GzipStream(file, path),
                ".zst" or ".zstd" => new ZstandardStream(file, path),
                _ => file,
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The name without a compression extension: "a.jsonl.gz" gives "a.jsonl".</summary>
    public static string NameWithoutCompression(string path)
    {
        string name = Path.GetFileName(path);
        return Path.GetExtension(name) is ".gz" or ".zst" or ".zstd" ? Path.GetFileNameWithoutExtension(name) : name;
    }
}
