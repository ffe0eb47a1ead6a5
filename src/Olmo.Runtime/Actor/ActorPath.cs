namespace Olmo.Runtime.Actor;

/// <summary>Place of an actor: address, names from the root down, and the uid of the incarnation (0 where it is not known).</summary>
public sealed class ActorPath : IEquatable<ActorPath>, IComparable<ActorPath>
{
    private const string AllowedSigns = "-_.*$+:@&=,!~';()";
    private readonly string _address;
    private readonly string[] _elements;

    private ActorPath(string address, string[] elements, long uid)
    {
        _address = address;
        _elements = elements;
        Uid = uid;
    }

    /// <summary>Names from the root down.</summary>
    public IReadOnlyList<string> Elements => _elements;

    /// <summary>Last name; "/" for the root.</summary>
    public string Name => _elements.Length == 0 ? "/" : _elements[^1];

    /// <summary>The path above; the root is its own parent.</summary>
    public ActorPath Parent => _elements.Length == 0 ? this : new ActorPath(_address, _elements[..^1], 0);

    /// <summary>Uid of the incarnation.</summary>
    public long Uid { get; }

    /// <summary>Reads "akka://system/user/a".</summary>
    /// <exception cref="UriFormatException">The text is no path.</exception>
    public static ActorPath Parse(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        int scheme = path.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
        {
            throw new UriFormatException($"'{path}' is no path of an actor");
        }

        int slash = path.IndexOf('/', scheme + 3);
        return slash < 0
            ? new ActorPath(path, [], 0)
            : new ActorPath(path[..slash], path[(slash + 1)..].Split('/', StringSplitOptions.RemoveEmptyEntries), 0);
    }

    /// <summary>Whether a name may stand in a path: ASCII letters, digits, some signs or %hh, and not "$" in front.</summary>
    public static bool IsValidPathElement(string s)
    {
        if (string.IsNullOrEmpty(s) || s[0] == '$')
        {
            return false;
        }

        for (int i = 0; i < s.Length; i++)
        {
            bool escaped = s[i] == '%' && i + 2 < s.Length && char.IsAsciiHexDigit(s[i + 1]) && char.IsAsciiHexDigit(s[i + 2]);
            if (!char.IsAsciiLetterOrDigit(s[i]) && !AllowedSigns.Contains(s[i], StringComparison.Ordinal) && !escaped)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The path of a child.</summary>
    public static ActorPath operator /(ActorPath path, string name)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new ActorPath(path._address, [.. path._elements, name], 0);
    }

    /// <summary>Names joined, from the root: "/user/a".</summary>
    public string ToStringWithoutAddress() => "/" + string.Join('/', _elements);

    /// <inheritdoc />
    public bool Equals(ActorPath? other) => other is not null && CompareTo(other) == 0;

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as ActorPath);

    /// <inheritdoc />
    public override int GetHashCode() => string.GetHashCode(Name, StringComparison.Ordinal);

    /// <inheritdoc />
    public int CompareTo(ActorPath? other) => other is null ? 1 : string.CompareOrdinal(ToString(), other.ToString());

    /// <inheritdoc />
    public override string ToString() => _address + ToStringWithoutAddress();

    internal ActorPath WithUid(long uid) => new(_address, _elements, uid);
}
