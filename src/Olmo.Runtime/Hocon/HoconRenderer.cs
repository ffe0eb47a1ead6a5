using System.Text;

namespace Olmo.Runtime.Hocon;

/// <summary>Writes resolved values: as JSON, or as HOCON with one key a line for people.</summary>
public static class HoconRenderer
{
    /// <summary>JSON on one line, keys in order of appearance, numbers as they were written where JSON allows that.</summary>
    public static string ToJson(HoconValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        StringBuilder text = new();
        AppendJson(text, value, sorted: false);
        return text.ToString();
    }

    /// <summary>JSON on one line with sorted keys and numbers in one spelling, so that equal values give equal text.</summary>
    public static string ToCanonicalJson(HoconValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        StringBuilder text = new();
        AppendJson(text, value, sorted: true);
        return text.ToString();
    }

    /// <summary>HOCON with nested braces, four blanks a level.</summary>
    public static string ToHocon(HoconObject value)
    {
        ArgumentNullException.ThrowIfNull(value);
        StringBuilder text = new();
        AppendFields(text, value, 0);
        return text.ToString();
    }

    internal static void AppendQuoted(StringBuilder text, string content)
    {
        text.Append('"');
        foreach (char c in content)
        {
            switch (c)
            {
                case '"': text.Append("\\\""); break;
                case '\\': text.Append("\\\\"); break;
                case '\n': text.Append("\\n"); break;
                case '\r': text.Append("\\r"); break;
                case '\t': text.Append("\\t"); break;
                default:
                    if (c < ' ' || c is '\u2028' or '\u2029' or '\uFEFF')
                    {
                        text.Append("\\u").Append(((int)c).ToString("x4"));
                    }
                    else
                    {
                        text.Append(c);
                    }

                    break;
            }
        }

        text.Append('"');
    }

    private static void AppendFields(StringBuilder text, HoconObject value, int level)
    {
        foreach (string key in value.Keys)
        {
            text.Append(' ', level * 4).Append(HoconPath.Of(key));
            if (value[key] is HoconObject { Keys.Count: > 0 } inner)
            {
                text.Append(" {\n");
                AppendFields(text, inner, level + 1);
                text.Append(' ', level * 4).Append("}\n");
            }
            else
            {
                text.Append(" = ");
                AppendJson(text, value[key], sorted: false);
                text.Append('\n');
            }
        }
    }

    private static void AppendJson(StringBuilder text, HoconValue value, bool sorted)
    {
        switch (value)
        {
            case HoconScalar { Kind: HoconScalarKind.String } s:
                AppendQuoted(text, s.Text);
                break;
            case HoconScalar { Kind: HoconScalarKind.Number } n:
                text.Append(HoconNumber.Parse(n.Text) is { } number && (sorted || !HoconNumber.IsJson(n.Text)) ? number.ToString() : n.Text);
                break;
            case HoconScalar s:
                text.Append(s.Text);
                break;
            case HoconArray a:
                text.Append('[');
                for (int i = 0; i < a.Items.Count; i++)
                {
                    text.Append(i > 0 ? "," : "");
                    AppendJson(text, a.Items[i], sorted);
                }

                text.Append(']');
                break;
            case HoconObject o:
                text.Append('{');
                bool first = true;
                foreach (string key in sorted ? [.. o.Keys.Order(StringComparer.Ordinal)] : o.Keys)
                {
                    text.Append(first ? "" : ",");
                    first = false;
                    AppendQuoted(text, key);
                    text.Append(':');
                    AppendJson(text, o[key], sorted);
                }

                text.Append('}');
                break;
            default:
                throw new InvalidOperationException($"Unknown value {value.GetType()}.");
        }
    }
}
