using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Olmo.Data;

namespace Olmo.Host.Commands;

/// <summary>
/// Texts to train a tokenizer on, one after the other, never all at once: JSON Lines give a text a line; other files are taken in parts
/// that end at a line end. Folders are walked in the order of names.
/// </summary>
/// <param name="field">Where a JSON line has its text.</param>
internal sealed class TrainingTexts(string field)
{
    private const int PartLength = 4 << 20;

    /// <exception cref="DataException">A line is not JSON or has no text; a file is not UTF-8.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public IEnumerable<string> Read(IEnumerable<string> inputs) => inputs.SelectMany(FilesOf).SelectMany(ReadFile);

    private static IEnumerable<string> FilesOf(string input)
    {
        if (!Directory.Exists(input))
        {
            return File.Exists(input) ? [input] : throw new FileNotFoundException($"{input}: no such file or folder");
        }

        return Directory.EnumerateFiles(input, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
    }

    private static bool IsCompressed(string file) => file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    private IEnumerable<string> ReadFile(string file)
    {
        string name = IsCompressed(file) ? file[..^3] : file;
        return Path.GetExtension(name).ToUpperInvariant() is ".JSONL" or ".JSON" or ".NDJSON" ? ReadLines(file) : ReadParts(file);
    }

    private IEnumerable<string> ReadLines(string file)
    {
        using StreamReader reader = Open(file);
        for (long line = 1; NextLine(reader, file) is { } text; line++)
        {
            if (text.Length > 0)
            {
                yield return TextOf(text, file, line);
            }
        }
    }

    private static IEnumerable<string> ReadParts(string file)
    {
        using StreamReader reader = Open(file);
        char[] buffer = new char[PartLength];
        int kept = 0;
        while (true)
        {
            int length = kept + ReadBlock(reader, file, buffer.AsSpan(kept));
            if (length == 0)
            {
                yield break;
            }

            bool atEnd = length < buffer.Length;
            int end = atEnd ? length : CutAt(buffer);
            yield return new string(buffer, 0, end);
            kept = length - end;
            Array.Copy(buffer, end, buffer, 0, kept);
            if (atEnd)
            {
                yield break;
            }
        }
    }

    /// <summary>Behind the last line end, or where there is none, not between the halves of a pair.</summary>
    private static int CutAt(ReadOnlySpan<char> buffer)
    {
        int lineEnd = buffer.LastIndexOf('\n');
        if (lineEnd >= 0)
        {
            return lineEnd + 1;
        }

        return char.IsHighSurrogate(buffer[^1]) ? buffer.Length - 1 : buffer.Length;
    }

    private string TextOf(string line, string file, long number)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty(field, out JsonElement text) && text.ValueKind == JsonValueKind.String)
            {
                return text.GetString()!;
            }
        }
        catch (JsonException e)
        {
            throw new DataException($"{file}, line {number}: is not JSON: {e.Message}", e);
        }

        throw new DataException($"{file}, line {number}: has no string '{field}' (name another by --text-field)");
    }

    private static StreamReader Open(string file)
    {
        Stream stream = File.OpenRead(file);
        return new StreamReader(IsCompressed(file) ? new GZipStream(stream, CompressionMode.Decompress) : stream, new UTF8Encoding(false, true));
    }

    private static string? NextLine(StreamReader reader, string file) => Guarded(file, reader.ReadLine);

    private static int ReadBlock(StreamReader reader, string file, Span<char> target)
    {
        try
        {
            return reader.ReadBlock(target);
        }
        catch (Exception e) when (e is DecoderFallbackException or InvalidDataException)
        {
            throw Unreadable(file, e);
        }
    }

    private static T Guarded<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is DecoderFallbackException or InvalidDataException)
        {
            throw Unreadable(file, e);
        }
    }

    private static DataException Unreadable(string file, Exception e) => new($"{file}: is not UTF-8 text: {e.Message}", e);
}
