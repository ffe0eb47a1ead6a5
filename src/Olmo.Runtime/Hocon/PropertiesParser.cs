using System.Globalization;
using System.Text;

namespace Olmo.Runtime.Hocon;

/// <summary>
/// Java's <c>.properties</c> format: every value a string, keys split at every dot. Where one key is both a string and the start of
/// others, the others win.
/// </summary>
internal static class PropertiesParser
{
    public static ObjectNode Parse(HoconText source)
    {
        ObjectNode root = new(new HoconOrigin(source.Name, 1));
        List<(string[] Keys, ScalarNode Value)> entries = [];
        foreach ((string text, int line) in LogicalLines(source.Content))
        {
            (string key, string value) = Split(text);
            HoconOrigin origin = new(source.Name, line);
            entries.Add((key.Split('.'), new ScalarNode(new HoconScalar(origin, HoconScalarKind.String, value))));
        }

        // Short keys first: a longer key that runs through a string then replaces it by an object.
        foreach ((string[] keys, ScalarNode value) in entries.OrderBy(e => e.Keys.Length))
        {
            Node node = value;
            for (int i = keys.Length - 1; i > 0; i--)
            {
                ObjectNode wrapper = new(value.Origin);
                wrapper.Push(keys[i], [node]);
                node = wrapper;
            }

            root.PushOwned(keys[0], node);
        }

        return root;
    }

    private static IEnumerable<(string Text, int Line)> LogicalLines(string content)
    {
        string[] lines = content.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            int first = i + 1;
            string text = lines[i].Trim('\r').TrimStart(' ', '\t', '\f', '\uFEFF');
            if (text.Length == 0 || text[0] is '#' or '!')
            {
                continue;
            }

            StringBuilder joined = new();
            while (EndsInContinuation(text))
            {
                joined.Append(text, 0, text.Length - 1);
                text = ++i < lines.Length ? lines[i].Trim('\r').TrimStart(' ', '\t', '\f') : "";
            }

            yield return (joined.Append(text).ToString(), first);
        }
    }

    private static bool EndsInContinuation(string text)
    {
        int slashes = text.Length - text.TrimEnd('\\').Length;
        return slashes % 2 == 1;
    }

    private static (string Key, string Value) Split(string text)
    {
        int i = 0;
        while (i < text.Length && text[i] is not ('=' or ':' or ' ' or '\t' or '\f'))
        {
            i += text[i] == '\\' ? 2 : 1;
        }

        i = Math.Min(i, text.Length);
        string rest = text[i..].TrimStart(' ', '\t', '\f');
        if (rest.Length > 0 && rest[0] is '=' or ':')
        {
            rest = rest[1..].TrimStart(' ', '\t', '\f');
        }

        return (Unescape(text[..i]), Unescape(rest));
    }

    private static string Unescape(string text)
    {
        StringBuilder result = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            char c = text[++i];
            if (c == 'u' && i + 4 < text.Length && ushort.TryParse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
            {
                result.Append((char)code);
                i += 4;
            }
            else
            {
                result.Append(c switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', _ => c });
            }
        }

        return result.ToString();
    }
}
