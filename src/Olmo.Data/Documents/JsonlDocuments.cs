using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

using Olmo.Data.Files;

namespace Olmo.Data.Documents;

/// <summary>
/// Documents in Dolma's format: one JSON object a line, plain, gzip or zstd. Of a repeated key the last value counts; blank lines are passed over; invalid UTF-8 and
/// unpaired surrogates are errors.
/// </summary>
public sealed class JsonlDocuments : DocumentSource
{
    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 1024 };

    private readonly JsonlOptions _options;
    private readonly string[] _textField;
    private readonly string[] _idField;
    private readonly string[] _sourceField;
    private long _skippedLines;

    /// <param name="files">Read in this order.</param>
    /// <param name="options">Fields and what to do with broken lines.</param>
    public JsonlDocuments(IReadOnlyList<InputFileInfo> files, JsonlOptions? options = null)
        : base(files)
    {
        _options = options ?? new JsonlOptions();
        _textField = _options.TextField.Split('.');
        _idField = _options.IdField.Split('.');
        _sourceField = _options.SourceField.Split('.');
    }

    /// <inheritdoc/>
    public override string Description => $"jsonl 1, text {_options.TextField}, id {_options.IdField}, source {_options.SourceField}, skip broken lines {_options.SkipBrokenLines}";

    /// <inheritdoc/>
    public override long SkippedLines => _skippedLines;

    /// <summary>Opens a file or the <c>.jsonl</c> files (also <c>.jsonl.gz</c>, <c>.jsonl.zst</c>, <c>.json.gz</c>) below a folder.</summary>
    /// <exception cref="DataException">There is no such file or folder, or the folder has no such file.</exception>
    public static JsonlDocuments Open(string path, JsonlOptions? options = null) => new(InputFiles.List(path, InputFiles.IsJsonl, "a .jsonl file"), options);

    /// <inheritdoc/>
    public override IEnumerable<Document> Read(CancellationToken cancellation = default)
    {
        _skippedLines = 0;
        foreach (InputFileInfo file in Files)
        {
            using Stream stream = InputFile.Open(file.FullPath);
            LineReader lines = new(stream, file.FullPath, _options.MaximumLineBytes);
            while (lines.TryRead(out ReadOnlyMemory<byte> line))
            {
                cancellation.ThrowIfCancellationRequested();
                if (!line.Span.ContainsAnyExcept(" \t\r"u8))
                {
                    continue;
                }

                if (TryParse(file, lines.Line, line) is { } document)
                {
                    yield return document;
                }
            }
        }
    }

    private Document? TryParse(InputFileInfo file, long line, ReadOnlyMemory<byte> json)
    {
        try
        {
            return Parse(file, line, json);
        }
        catch (DocumentFormatException) when (_options.SkipBrokenLines)
        {
            _skippedLines++;
            return null;
        }
    }

    private Document Parse(InputFileInfo file, long line, ReadOnlyMemory<byte> json)
    {
        if (!Utf8.IsValid(json.Span))
        {
            throw new DocumentFormatException(file.FullPath, line, "the line is not valid UTF-8");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new DocumentFormatException(file.FullPath, line, $"the line is a JSON {document.RootElement.ValueKind}, not an object");
            }

            string text = Find(document.RootElement, _textField) is { ValueKind: JsonValueKind.String } field
                ? field.GetString()!
                : throw new DocumentFormatException(file.FullPath, line, $"the field \"{_options.TextField}\" is missing or not a string");
            string id = Name(document.RootElement, _idField) ?? string.Create(CultureInfo.InvariantCulture, $"{file.Name}:{line}");
            return new Document(id, text, Name(document.RootElement, _sourceField) ?? file.Name, file.Name, line);
        }
        catch (JsonException e)
        {
            throw new DocumentFormatException(file.FullPath, line, $"the line is not JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // GetString of a string with an unpaired surrogate escape.
            throw new DocumentFormatException(file.FullPath, line, $"a string is not valid Unicode: {e.Message}", e);
        }
    }

    private static JsonElement? Find(JsonElement element, string[] path)
    {
        foreach (string name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return null;
            }
        }

        return element;
    }

    private static string? Name(JsonElement root, string[] path) => Find(root, path) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        _ => null,
    };
}
