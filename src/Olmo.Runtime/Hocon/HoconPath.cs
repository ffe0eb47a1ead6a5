using System.Text;

namespace Olmo.Runtime.Hocon;

/// <summary>A path expression: keys from the root to a value. <c>a."b.c".d</c> has three keys.</summary>
public sealed class HoconPath : IEquatable<HoconPath>
{
    private HoconPath(IReadOnlyList<string> keys) => Keys = keys;

    /// <summary>The path of the root: no keys.</summary>
    public static HoconPath Root { get; } = new([]);

    /// <summary>Keys from the root downwards; a key may be empty or hold any character.</summary>
    public IReadOnlyList<string> Keys { get; }

    /// <summary>A path of the given keys, taken literally.</summary>
    public static HoconPath Of(params IReadOnlyList<string> keys) => new([.. keys]);

    /// <summary>Reads a path expression, with quoted keys where needed.</summary>
    /// <exception cref="HoconException">Kind BadPath: empty key, leading, trailing or double dot, reserved character.</exception>
    public static HoconPath Parse(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        return HoconParser.ParsePath(expression);
    }

    /// <summary>This path followed by one more key.</summary>
    public HoconPath Child(string key) => new([.. Keys, key]);

    /// <summary>This path followed by all keys of the other.</summary>
    public HoconPath Append(HoconPath other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Keys.Count == 0 ? other : other.Keys.Count == 0 ? this : new([.. Keys, .. other.Keys]);
    }

    /// <summary>The path without its first keys.</summary>
    internal HoconPath Skip(int count) => count == 0 ? this : new([.. Keys.Skip(count)]);

    public bool Equals(HoconPath? other) => other is not null && Keys.SequenceEqual(other.Keys, StringComparer.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as HoconPath);

    public override int GetHashCode()
    {
        int hash = 17;
        foreach (string key in Keys)
        {
            hash = (hash * 31) + StringComparer.Ordinal.GetHashCode(key);
        }

        return hash;
    }

    /// <summary>The expression, with quotes only where a key needs them.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        for (int i = 0; i < Keys.Count; i++)
        {
            if (i > 0)
            {
                text.Append('.');
            }

            if (IsPlain(Keys[i]))
            {
                text.Append(Keys[i]);
            }
            else
            {
                HoconRenderer.AppendQuoted(text, Keys[i]);
            }
        }

        return text.ToString();
    }

    private static bool IsPlain(string key)
    {
        foreach (char c in key)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '/'))
            {
                return false;
            }
        }

        return key.Length > 0 && key != "include";
    }
}
