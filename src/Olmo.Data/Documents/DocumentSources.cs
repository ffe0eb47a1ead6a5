using Olmo.Data.Documents.Dotnet;

namespace Olmo.Data.Documents;

/// <summary>Opens the source that a recipe names.</summary>
public static class DocumentSources
{
    /// <summary>Opens a source.</summary>
    /// <param name="kind">What the path holds.</param>
    /// <param name="path">File or folder; null only for the documentation of the running SDK.</param>
    /// <param name="text">For <see cref="DocumentSourceKind.Text"/>; null for the default of <see cref="TextDocuments.Open"/>.</param>
    /// <param name="jsonl">For <see cref="DocumentSourceKind.Jsonl"/>.</param>
    /// <exception cref="DataException">Nothing is found there, or a path is needed.</exception>
    public static DocumentSource Open(DocumentSourceKind kind, string? path, TextOptions? text = null, JsonlOptions? jsonl = null)
    {
        if (string.IsNullOrEmpty(path))
        {
            return kind is DocumentSourceKind.Auto or DocumentSourceKind.DotnetDocumentation
                ? DotnetDocumentation.OfRunningSdk()
                : throw new DataException($"The source {kind} needs a file or folder: --set data.path=FILE_OR_FOLDER");
        }

        return kind switch
        {
            DocumentSourceKind.DotnetDocumentation => DotnetDocumentation.In(path),
            DocumentSourceKind.Text => TextDocuments.Open(path, text),
            DocumentSourceKind.Jsonl => JsonlDocuments.Open(path, jsonl),
            DocumentSourceKind.Auto => HoldsJsonl(path) ? JsonlDocuments.Open(path, jsonl) : TextDocuments.Open(path, text),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown source"),
        };
    }

    private static bool HoldsJsonl(string path) => Directory.Exists(path)
        ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Any(InputFiles.IsJsonl)
        : InputFiles.IsJsonl(path);
}
