using Olmo.Data.Files;

namespace Olmo.Data.Preparation;

/// <summary>What a data folder holds, for readers that prepare nothing.</summary>
public static class PreparedFolders
{
    /// <summary>The finished token files in a folder that <see cref="DataPreparation"/> filled, each with the folder of its tokenizer where that is still there; in the order of their names.</summary>
    /// <param name="folder">The data folder; it may be missing.</param>
    /// <exception cref="DataException">The manifest of a finished folder, or one of its files, is missing or differs.</exception>
    public static IEnumerable<PreparedData> In(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        (string Path, string Files)[] tokenizers = [.. Finished(folder, "tokenizer").Select(path => (path, FilesOf(path)))];
        foreach (string path in Finished(folder, "tokens"))
        {
            string files = StageFolder.Read(path).Parameters.GetValueOrDefault("tokenizer", "");
            yield return PreparedData.Open(path) with { TokenizerFolder = tokenizers.FirstOrDefault(t => t.Files == files).Path };
        }
    }

    // As the stage of token files names the tokenizer that it was made with.
    private static string FilesOf(string tokenizer) => string.Join(' ', StageFolder.Read(tokenizer).Files.Select(f => f.Value));

    private static IEnumerable<string> Finished(string folder, string stage) => Directory.Exists(folder)
        ? Directory.EnumerateDirectories(folder, stage + "-*")
            .Where(d => !d.EndsWith(DurableFile.PartialSuffix, StringComparison.Ordinal) && !d.EndsWith(".damaged", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
        : [];
}
