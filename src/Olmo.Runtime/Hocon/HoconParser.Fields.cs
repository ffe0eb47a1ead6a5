using System.Text;

namespace Olmo.Runtime.Hocon;

internal sealed partial class HoconParser
{
    private Node ParseRoot()
    {
        SkipLines();
        if (Current == '[')
        {
            Node array = ParseArray(HoconPath.Root, null);
            ExpectEnd();
            return array;
        }

        if (Current == '{')
        {
            ObjectNode braced = ParseObject(HoconPath.Root, null);
            ExpectEnd();
            return braced;
        }

        ObjectNode root = new(Here());
        ParseFields(root, HoconPath.Root, braces: false);
        return root;
    }

    private void ExpectEnd()
    {
        SkipLines();
        if (!AtEnd)
        {
            throw Error("there is text after the root value", "the end of the text");
        }
    }

    private ObjectNode ParseObject(HoconPath path, List<string>? attached)
    {
        CheckDepth();
        ObjectNode node = new(Here(attached));
        at++;
        SkipBlanks();
        if (AtComment)
        {
            string beside = ReadComment();
            attached?.Add(beside);
        }

        comments.Clear();
        ParseFields(node, path, braces: true);
        return node;
    }

    private void ParseFields(ObjectNode into, HoconPath path, bool braces)
    {
        while (true)
        {
            SkipLines();
            if (AtEnd)
            {
                if (braces)
                {
                    throw Error($"the object opened at {into.Origin} is not closed", "'}'");
                }

                return;
            }

            if (Current == '}' && braces)
            {
                at++;
                return;
            }

            List<string> attached = [.. comments];
            comments.Clear();
            if (AtIncludeKeyword())
            {
                ParseInclude(into, path);
            }
            else
            {
                ParseField(into, path, attached);
            }

            ReadSeparator(braces ? '}' : '\0', "a field", attached);
        }
    }

    /// <summary>After a field or element: a comma, a new line, the closing sign or the end. The comment on the same line belongs to the field before.</summary>
    private void ReadSeparator(char close, string after, List<string>? attached)
    {
        SkipBlanks();
        bool comma = Current == ',';
        if (comma)
        {
            at++;
            SkipBlanks();
        }

        if (AtComment)
        {
            string beside = ReadComment();
            attached?.Add(beside);
        }

        comments.Clear();
        bool newLine = SkipLines();
        if (!comma && Current == ',')
        {
            at++;
            comma = true;
            comments.Clear();
            SkipLines();
        }

        bool closed = AtEnd || (close != '\0' && Current == close);
        if (!closed && !comma && !newLine)
        {
            throw Error($"{after} must end here", close == '\0' ? "',' or a new line" : $"',', a new line or '{close}'");
        }
    }

    private void ParseField(ObjectNode into, HoconPath path, List<string> attached)
    {
        HoconOrigin start = Here(attached);
        HoconPath key = TryParsePath() ?? throw Error("a field must start here", "a key");
        HoconPath full = path.Append(key);
        SkipLines();
        comments.Clear();
        Node value;
        if (Current == '+' && at + 1 < text.Length && text[at + 1] == '=')
        {
            if (arrayDepth > 0)
            {
                throw Error($"{key} is inside a list, where no path leads", "'=': += cannot be used inside lists");
            }

            at += 2;
            SkipLines();
            SubstitutionNode self = new(start, prefix.Append(full), 0, optional: true);
            Node element = ParseValue(full, null);
            value = new ConcatenationNode(start, [self, new ArrayNode(element.Origin, [element])]);
        }
        else
        {
            if (Current is ':' or '=')
            {
                at++;
                SkipLines();
            }
            else if (Current != '{')
            {
                throw Error($"after the key {key}", "one of ':' '=' '+=' '{' (a key with reserved characters needs quotes)");
            }

            value = ParseValue(full, attached);
        }

        comments.Clear();
        for (int i = key.Keys.Count - 1; i > 0; i--)
        {
            ObjectNode wrapper = new(start);
            wrapper.Push(key.Keys[i], [value]);
            value = wrapper;
        }

        into.PushOwned(key.Keys[0], value);
    }

    /// <summary>A path expression up to the first character that cannot belong to one; null where there is none.</summary>
    private HoconPath? TryParsePath()
    {
        List<string> keys = [];
        StringBuilder key = new();
        bool quoted = false;
        bool any = false;
        string blanks = "";
        while (!AtEnd)
        {
            if (Current == '"')
            {
                key.Append(blanks);
                key.Append(ReadQuoted());
                quoted = true;
            }
            else if (AtUnquoted)
            {
                key.Append(blanks);
                if (Current == '.')
                {
                    Add();
                }
                else
                {
                    key.Append(Current);
                }

                at++;
            }
            else
            {
                break;
            }

            any = true;
            blanks = SkipBlanks();
        }

        if (!any)
        {
            return null;
        }

        Add();
        return HoconPath.Of(keys);

        void Add()
        {
            if (key.Length == 0 && !quoted)
            {
                throw Error("a path has an empty key", "a key before and after every dot; \"\" for the empty key", HoconErrorKind.BadPath);
            }

            keys.Add(key.ToString());
            key.Clear();
            quoted = false;
        }
    }
}
