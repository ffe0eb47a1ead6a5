using System.Text;

namespace Olmo.Runtime.Hocon;

internal sealed partial class HoconParser
{
    private ArrayNode ParseArray(HoconPath path, IReadOnlyList<string>? attached)
    {
        CheckDepth();
        HoconOrigin start = Here(attached);
        List<Node> elements = [];
        at++;
        arrayDepth++;
        while (true)
        {
            SkipLines();
            comments.Clear();
            if (AtEnd)
            {
                throw Error($"the list opened at {start} is not closed", "']'");
            }

            if (Current == ']')
            {
                at++;
                arrayDepth--;
                return new ArrayNode(start, elements);
            }

            elements.Add(ParseValue(path, null));
            ReadSeparator(']', "an element", null);
        }
    }

    /// <summary>One value, or several beside each other on a line.</summary>
    private Node ParseValue(HoconPath path, List<string>? attached)
    {
        CheckDepth();
        HoconOrigin start = Here(attached);
        List<Node> parts = [];
        while (true)
        {
            string blanks = SkipBlanks();
            if (AtEnd || Current is '\n' or ',' or '}' or ']' || AtComment)
            {
                break;
            }

            if (parts.Count > 0 && blanks.Length > 0)
            {
                parts.Add(new ScalarNode(new HoconScalar(Here(), HoconScalarKind.String, blanks), isBlank: true));
            }

            parts.Add(ParsePart(path, parts.Count == 0 ? attached : null));
        }

        return parts.Count switch
        {
            0 => throw Error("a value is missing", "a string, number, true, false, null, list, object or substitution"),
            1 => parts[0],
            _ => Join(start, parts),
        };
    }

    private Node ParsePart(HoconPath path, List<string>? attached)
    {
        switch (Current)
        {
            case '{':
                return ParseObject(path, attached);
            case '[':
                return ParseArray(path, attached);
            case '"':
                HoconOrigin start = Here(attached);
                return new ScalarNode(new HoconScalar(start, HoconScalarKind.String, ReadQuoted()));
            case '$' when at + 1 < text.Length && text[at + 1] == '{':
                return ParseSubstitution(attached);
            default:
                return ParseUnquoted(attached);
        }
    }

    private SubstitutionNode ParseSubstitution(List<string>? attached)
    {
        HoconOrigin start = Here(attached);
        at += 2;
        bool optional = Current == '?';
        if (optional)
        {
            at++;
        }

        SkipBlanks();
        HoconPath? path = TryParsePath();
        if (path is null && Current is '}' or '$')
        {
            throw Error("a substitution needs a path", "a path such as ${a.b}", HoconErrorKind.BadPath);
        }

        if (path is null || Current != '}')
        {
            throw Error("a substitution is not closed", Current == '?' ? "'?' directly after '${'" : "'}'");
        }

        at++;
        return new SubstitutionNode(start, prefix.Append(path), prefix.Keys.Count, optional);
    }

    private ScalarNode ParseUnquoted(List<string>? attached)
    {
        HoconOrigin start = Here(attached);
        if (char.IsAsciiDigit(Current) || Current == '-')
        {
            int end = at;
            while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] is 'e' or 'E' or '+' or '-' or '.'))
            {
                end++;
            }

            string number = text[at..end];
            if (HoconNumber.Parse(number) is not null)
            {
                at = end;
                return new ScalarNode(new HoconScalar(start, HoconScalarKind.Number, number));
            }
        }

        int from = at;
        while (AtUnquoted)
        {
            at++;
        }

        if (at == from)
        {
            throw Error("the character is reserved", $"the whole value in double quotes, as \"{LineFrom(from)}\"");
        }

        string word = text[from..at];
        HoconScalarKind kind = word switch
        {
            "null" => HoconScalarKind.Null,
            "true" or "false" => HoconScalarKind.Boolean,
            _ => HoconScalarKind.String,
        };
        return new ScalarNode(new HoconScalar(start, kind, word));
    }

    /// <summary>The value that holds the given place, for the suggestion to quote it.</summary>
    private string LineFrom(int place)
    {
        int begin = place;
        while (begin > 0 && text[begin - 1] is not ('\n' or '=' or ',' or '[' or '{'))
        {
            begin--;
        }

        int end = place;
        while (end < text.Length && end - begin < 60 && text[end] is not ('\n' or ',' or ']' or '}'))
        {
            end++;
        }

        return text[begin..end].Trim().Replace("\"", "", StringComparison.Ordinal);
    }

    /// <summary>Joins parts that are known; parts with substitutions wait for the resolver.</summary>
    private static Node Join(HoconOrigin start, List<Node> parts)
    {
        if (parts.TrueForAll(p => p is ScalarNode))
        {
            StringBuilder joined = new();
            foreach (Node part in parts)
            {
                joined.Append(((ScalarNode)part).Value.Text);
            }

            return new ScalarNode(new HoconScalar(start, HoconScalarKind.String, joined.ToString()));
        }

        List<Node> full = parts.FindAll(p => p is not ScalarNode { IsBlank: true });
        if (full.TrueForAll(p => p is ObjectNode))
        {
            ObjectNode merged = new(start);
            foreach (Node part in full)
            {
                merged.PushAll((ObjectNode)part);
            }

            return merged;
        }

        if (full.TrueForAll(p => p is ArrayNode))
        {
            return new ArrayNode(start, [.. full.SelectMany(p => ((ArrayNode)p).Elements)]);
        }

        if (full.Exists(p => p is ScalarNode) && full.Find(p => p is ObjectNode or ArrayNode) is { } container)
        {
            throw new HoconException(HoconErrorKind.WrongType, start, "a string and an object or list stand beside each other", container is ObjectNode ? "an object" : "a list", "values of one kind, or a comma or new line between them");
        }

        return new ConcatenationNode(start, parts);
    }
}
