using System.Runtime.CompilerServices;
using System.Text;

namespace Olmo.Runtime.Hocon;

/// <summary>Recursive descent over one text. Characters and blanks are here; fields, values and includes in the other parts.</summary>
internal sealed partial class HoconParser
{
    private readonly HoconText source;
    private readonly string text;
    private readonly IHoconIncludes includes;
    private readonly HoconPath prefix;
    private readonly IReadOnlyList<string> includedFrom;
    private readonly List<string> comments = [];
    private int at;
    private int line = 1;
    private int arrayDepth;

    private HoconParser(HoconText source, IHoconIncludes includes, HoconPath prefix, IReadOnlyList<string> includedFrom)
    {
        this.source = source;
        text = source.Content;
        this.includes = includes;
        this.prefix = prefix;
        this.includedFrom = includedFrom;
    }

    private bool AtEnd => at >= text.Length;

    private char Current => at < text.Length ? text[at] : '\0';

    /// <summary>The root of a document: an object or an array.</summary>
    /// <param name="source">The text.</param>
    /// <param name="includes">Finds what it includes.</param>
    /// <param name="firstLine">Number of its first line; 0 for texts without lines, such as an override.</param>
    public static Node ParseDocument(HoconText source, IHoconIncludes includes, int firstLine = 1) =>
        new HoconParser(source, includes, HoconPath.Root, []) { line = firstLine }.ParseRoot();

    /// <summary>A path expression that is the whole text.</summary>
    public static HoconPath ParsePath(string expression)
    {
        HoconParser parser = new(new HoconText("path expression", expression), NoIncludes.Instance, HoconPath.Root, []);
        parser.SkipBlanks();
        HoconPath? path = parser.TryParsePath();
        if (path is null || !parser.AtEnd)
        {
            throw new HoconException(HoconErrorKind.BadPath, new HoconOrigin("path expression", 0), $"{expression} is no path", parser.Describe(), "keys separated by single dots, quoted where they hold reserved characters");
        }

        return path;
    }

    private static bool IsBlank(char c) =>
        c != '\n' && (char.IsWhiteSpace(c) || c is '\uFEFF' or (>= '\u001C' and <= '\u001F') || char.IsSeparator(c));

    private static bool IsReserved(char c) => c is '$' or '"' or '{' or '}' or '[' or ']' or ':' or '=' or ',' or '+' or '#' or '`' or '^' or '?' or '!' or '@' or '*' or '&' or '\\';

    private bool AtComment => Current == '#' || (Current == '/' && at + 1 < text.Length && text[at + 1] == '/');

    private bool AtUnquoted => !AtEnd && Current != '\n' && !IsBlank(Current) && !IsReserved(Current) && !AtComment;

    private HoconOrigin Here(IReadOnlyList<string>? attached = null) =>
        attached is null ? new HoconOrigin(source.Name, line) : new HoconOrigin(source.Name, line) { Comments = attached };

    private HoconException Error(string problem, string? expected = null, HoconErrorKind kind = HoconErrorKind.Parse) =>
        new(kind, Here(), problem, Describe(), expected);

    /// <summary>The next piece of text, for messages.</summary>
    private string Describe()
    {
        if (AtEnd)
        {
            return "the end of the text";
        }

        if (Current == '\n')
        {
            return "a new line";
        }

        int end = at;
        while (end < text.Length && end - at < 20 && text[end] != '\n' && !IsBlank(text[end]) && (end == at || !IsReserved(text[end])))
        {
            end++;
        }

        return $"'{text[at..Math.Max(end, at + 1)]}'";
    }

    private string SkipBlanks()
    {
        int from = at;
        while (!AtEnd && IsBlank(Current))
        {
            at++;
        }

        return text[from..at];
    }

    private string ReadComment()
    {
        int from = at + (Current == '#' ? 1 : 2);
        int end = text.IndexOf('\n', at);
        at = end < 0 ? text.Length : end;
        return text[from..at].Trim();
    }

    /// <summary>Skips blanks, new lines and comments; keeps in <see cref="comments"/> those that stand directly above what follows.</summary>
    /// <returns>Whether there was a new line.</returns>
    private bool SkipLines()
    {
        bool any = false;
        bool empty = false;
        while (true)
        {
            SkipBlanks();
            if (Current == '\n' && !AtEnd)
            {
                if (any && empty)
                {
                    comments.Clear();
                }

                any = empty = true;
                line++;
                at++;
            }
            else if (AtComment)
            {
                comments.Add(ReadComment());
                empty = false;
            }
            else
            {
                return any;
            }
        }
    }

    private void CheckDepth()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error("objects and lists are nested too deeply", "fewer levels");
        }
    }

    /// <summary>A quoted or triple-quoted string; the opening quote is current.</summary>
    private string ReadQuoted()
    {
        HoconOrigin start = Here();
        if (string.CompareOrdinal(text, at, "\"\"\"", 0, 3) == 0)
        {
            return ReadTripleQuoted(start);
        }

        at++;
        StringBuilder content = new();
        while (true)
        {
            if (AtEnd)
            {
                throw new HoconException(HoconErrorKind.Parse, start, "a quoted string is not closed", "the end of the text", "'\"'");
            }

            char c = text[at++];
            switch (c)
            {
                case '"':
                    return content.ToString();
                case '\\':
                    content.Append(ReadEscape());
                    break;
                case < ' ':
                    throw new HoconException(HoconErrorKind.Parse, start, "a quoted string is not closed on its line", c == '\n' ? "a new line" : $"the control character U+{(int)c:X4}", "'\"', or \\n for a new line, or triple quotes");
                default:
                    content.Append(c);
                    break;
            }
        }
    }

    private string ReadTripleQuoted(HoconOrigin start)
    {
        int from = at + 3;
        int end = text.IndexOf("\"\"\"", from, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new HoconException(HoconErrorKind.Parse, start, "a triple-quoted string is not closed", "the end of the text", "'\"\"\"'");
        }

        // Quotes beyond three belong to the text.
        while (end + 3 < text.Length && text[end + 3] == '"')
        {
            end++;
        }

        at = end + 3;
        string content = text[from..end];
        line += content.AsSpan().Count('\n');
        return content;
    }

    private char ReadEscape()
    {
        char c = Current;
        at++;
        switch (c)
        {
            case '"' or '\\' or '/':
                return c;
            case 'b': return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u' when at + 4 <= text.Length && ushort.TryParse(text.AsSpan(at, 4), System.Globalization.NumberStyles.AllowHexSpecifier, null, out ushort code):
                at += 4;
                return (char)code;
            default:
                throw new HoconException(HoconErrorKind.Parse, Here(), "unknown escape in a quoted string", $"'\\{c}'", "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX, or triple quotes for text without escapes");
        }
    }
}
