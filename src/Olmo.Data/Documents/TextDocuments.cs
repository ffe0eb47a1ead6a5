using System.Globalization;
using System.Text;

using Olmo.Data.Files;

namespace Olmo.Data.Documents;

/// <summary>Plain text in UTF-8, also as .gz or .zst. Line ends are kept as they are.</summary>
public sealed class TextDocuments : DocumentSource
{
    private const int LongestDocument = 1 << 29;

    private readonly TextOptions _options;

    /// <param name="files">Read in this order.</param>
    /// <param name="options">Where to cut.</param>
    public TextDocuments(IReadOnlyList<InputFileInfo> files, TextOptions? options = null)
        : base(files)
    {
        _options = options ?? new TextOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.BlockCharacters, 1, nameof(options));
    }

    /// <inheritdoc/>
    public override string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"text 1, split {_options.Split}{(_options.Split == TextSplit.Blocks ? $" of {_options.BlockCharacters} characters" : "")}");

    /// <summary>Opens a file, or all files below a folder except JSON lines.</summary>
    /// <param name="path">File or folder.</param>
    /// <param name="options">Where to cut; by default a single file is cut into blocks and the files of a folder are documents.</param>
    /// <exception cref="DataException">There is no such file or folder, or the folder is empty.</exception>
    public static TextDocuments Open(string path, TextOptions? options = null) => new(
        InputFiles.List(path, f => !InputFiles.IsJsonl(f), "a text file"),
        options ?? new TextOptions(File.Exists(path) ? TextSplit.Blocks : TextSplit.File));

    /// <inheritdoc/>
    public override IEnumerable<Document> Read(CancellationToken cancellation = default)
    {
        foreach (InputFileInfo file in Files)
        {
            using Stream stream = InputFile.Open(file.FullPath);
            using StreamReader reader = new(stream, new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: false, bufferSize: 1 << 16);
            long number = 0;
            long line = 1;
            StringBuilder text = new();
            StringBuilder? pending = text;
            while (pending is not null)
            {
                cancellation.ThrowIfCancellationRequested();
                long first = line;
                pending = Fill(file, reader, text, ref line) ? text : null;
                if (HasText(text))
                {
                    number++;
                    string id = _options.Split == TextSplit.File ? file.Name : string.Create(CultureInfo.InvariantCulture, $"{file.Name}:{first}");
                    yield return new Document(id, text.ToString(), file.Name, file.Name, _options.Split == TextSplit.File ? number : first);
                }

                text.Clear();
            }
        }
    }

    private static bool HasText(StringBuilder text)
    {
        foreach (ReadOnlyMemory<char> chunk in text.GetChunks())
        {
            if (!chunk.Span.IsWhiteSpace())
            {
                return true;
            }
        }

        return false;
    }

    // Appends lines until a document is complete; false at the end of the file.
    private bool Fill(InputFileInfo file, StreamReader reader, StringBuilder text, ref long line)
    {
        bool any = false;
        while (true)
        {
            int before = text.Length;
            bool ended = !ReadLine(file, line, reader, text);
            if (ended && text.Length == before)
            {
                return false;
            }

            line++;
            bool blank = IsBlank(text, before);
            any |= !blank;
            if (text.Length > LongestDocument)
            {
                throw new DocumentFormatException(file.FullPath, line, $"the document has more than {LongestDocument} characters: cut the file");
            }

            if (ended)
            {
                return false;
            }

            if (any && (_options.Split, blank) switch
            {
                (TextSplit.File, _) => false,
                (TextSplit.BlankLines, _) => blank,
                (_, true) => text.Length >= _options.BlockCharacters,
                _ => text.Length >= 4L * _options.BlockCharacters,
            })
            {
                return true;
            }
        }
    }

    private static bool IsBlank(StringBuilder text, int from)
    {
        for (int i = text.Length - 1; i >= from; i--)
        {
            if (!char.IsWhiteSpace(text[i]))
            {
                return false;
            }
        }

        return true;
    }

    // Appends one line with its end. False where the file ended without one.
    private static bool ReadLine(InputFileInfo file, long line, StreamReader reader, StringBuilder text)
    {
        try
        {
            int next;
            while ((next = reader.Read()) >= 0)
            {
                if (next == '\uFEFF' && line == 1 && text.Length == 0)
                {
                    continue;
                }

                text.Append((char)next);
                if (next == '\n')
                {
                    return true;
                }
            }

            return false;
        }
        catch (DecoderFallbackException e)
        {
            throw new DocumentFormatException(file.FullPath, line, $"the text is not valid UTF-8 at or after this line: {e.Message}", e);
        }
    }
}
