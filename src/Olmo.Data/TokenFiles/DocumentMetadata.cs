using System.Buffers;
using System.Globalization;
using System.Text;

using Olmo.Data.Files;

namespace Olmo.Data.TokenFiles;

/// <summary>A row of the document metadata beside a token file (<c>X.csv.gz</c>: no header, CRLF, quotes as in RFC 4180).</summary>
/// <param name="Start">First token of the document in the file.</param>
/// <param name="End">Token after its last, the EOS included.</param>
/// <param name="Id">The document's id.</param>
/// <param name="Origin">The file it came from ("src").</param>
/// <param name="Location">Line in that file, from 1 ("loc").</param>
public sealed record DocumentMetadata(long Start, long End, string Id, string Origin, long Location)
{
    private const string LineEnd = "\r\n";

    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n");

    /// <summary>The metadata file that belongs to a token file.</summary>
    public static string PathOf(string tokenFile)
    {
        ArgumentNullException.ThrowIfNull(tokenFile);
        return string.Concat(tokenFile.AsSpan(0, tokenFile.Length - ".npy".Length), ".csv.gz");
    }

    /// <summary>Reads all rows, one at a time.</summary>
    /// <exception cref="TokenFileException">The file cannot be read, is cut, or a row is malformed; the message names the row.</exception>
    public static IEnumerable<DocumentMetadata> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using StreamReader reader = OpenReader(path);
        List<string> fields = [];
        for (long row = 1; ReadRow(path, row, reader, fields); row++)
        {
            if (fields.Count != 5
                || !long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out long start)
                || !long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out long end)
                || !long.TryParse(fields[4], NumberStyles.None, CultureInfo.InvariantCulture, out long location)
                || end < start)
            {
                throw new TokenFileException(path, $"row {row} is not start,end,id,src,loc");
            }

            yield return new DocumentMetadata(start, end, fields[2], fields[3], location);
        }
    }

    internal string ToCsvLine() =>
        string.Create(CultureInfo.InvariantCulture, $"{Start},{End},{Quote(Id)},{Quote(Origin)},{Location}{LineEnd}");

    private static string Quote(string field) =>
        field.AsSpan().ContainsAny(Quoted) ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;

    private static StreamReader OpenReader(string path)
    {
        try
        {
            FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return new StreamReader(new GzipStream(file, path), new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenFileException(path, $"cannot be opened: {e.Message}", e);
        }
    }

    private static bool ReadRow(string path, long row, StreamReader reader, List<string> fields)
    {
        fields.Clear();
        try
        {
            if (reader.Peek() < 0)
            {
                return false;
            }

            StringBuilder field = new();
            while (true)
            {
                int next = reader.Read();
                if (next == '"' && field.Length == 0)
                {
                    ReadQuoted(path, row, reader, field);
                    next = reader.Read();
                }

                switch (next)
                {
                    case ',':
                        fields.Add(field.ToString());
                        field.Clear();
                        break;
                    case '\r':
                        break;
                    case '\n' or -1:
                        fields.Add(field.ToString());
                        return true;
                    default:
                        field.Append((char)next);
                        break;
                }
            }
        }
        catch (Exception e) when (e is DataException or IOException or DecoderFallbackException)
        {
            throw new TokenFileException(path, $"row {row} cannot be read: {e.Message}", e);
        }
    }

    private static void ReadQuoted(string path, long row, StreamReader reader, StringBuilder field)
    {
        while (true)
        {
            int next = reader.Read();
            if (next < 0)
            {
                throw new TokenFileException(path, $"row {row} ends inside quotes");
            }

            if (next == '"')
            {
                if (reader.Peek() != '"')
                {
                    return;
                }

                reader.Read();
            }

            field.Append((char)next);
        }
    }
}
