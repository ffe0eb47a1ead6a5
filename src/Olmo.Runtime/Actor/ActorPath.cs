using System.Collections.Immutable;
using System.Globalization;

namespace Olmo.Runtime.Actor;

/// <summary>
/// The name of an actor in its tree, with the uid of one incarnation of it (0 = any). Equality looks at address and elements, not at
/// the uid: two refs with equal paths may be different actors, equal refs may not.
/// </summary>
#pragma warning disable CA1036 // the compatibility surface has an order but no order operators
public abstract class ActorPath : IEquatable<ActorPath>, IComparable<ActorPath>
#pragma warning restore CA1036
{
    /// <summary>Characters other than ASCII letters and digits that an element may hold; <c>%hh</c> is allowed as well.</summary>
    public const string ValidSymbols = "\"-_.*$+:@&=,!~';()";

    internal const long UndefinedUid = 0;

    private string? _text;

    private protected ActorPath(Address address, string name, long uid, int depth)
    {
        Address = address;
        Name = name;
        Uid = uid;
        Depth = depth;
    }

    public Address Address { get; }

    /// <summary>The last element; empty for the root.</summary>
    public string Name { get; }

    /// <summary>Distinguishes incarnations of one path; 0 where unknown.</summary>
    public long Uid { get; }

    /// <summary>Elements below the root.</summary>
    public int Depth { get; }

    public abstract ActorPath Parent { get; }

    public abstract ActorPath Root { get; }

    public IReadOnlyList<string> Elements
    {
        get
        {
            string[] elements = new string[Depth];
            ActorPath at = this;
            for (int i = Depth - 1; i >= 0; i--)
            {
                elements[i] = at.Name;
                at = at.Parent;
            }

            return elements.ToImmutableArray();
        }
    }

    public ActorPath Child(string childName) => this / childName;

    /// <summary>The ancestor at <paramref name="depth"/> (0 = root), or counted from here where negative.</summary>
    public ActorPath ParentOf(int depth)
    {
        ActorPath at = this;
        int target = depth >= 0 ? depth : Math.Max(0, Depth + depth);
        while (at.Depth > target)
        {
            at = at.Parent;
        }

        return at;
    }

    public abstract ActorPath WithUid(long uid);

    public static ActorPath operator /(ActorPath path, string name)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentException.ThrowIfNullOrEmpty(name);
        int hash = name.IndexOf('#');
        return hash < 0
            ? new ChildActorPath(path, name, UndefinedUid)
            : new ChildActorPath(path, name[..hash], long.Parse(name.AsSpan(hash + 1), NumberStyles.None, CultureInfo.InvariantCulture));
    }

    public static ActorPath operator /(ActorPath path, IEnumerable<string> name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Where(e => e.Length > 0).Aggregate(path, (at, e) => at / e);
    }

    public static bool operator ==(ActorPath? left, ActorPath? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(ActorPath? left, ActorPath? right) => !(left == right);

    /// <exception cref="UriFormatException">The text is no absolute actor path.</exception>
    public static ActorPath Parse(string path) =>
        TryParse(path, out ActorPath? parsed) ? parsed! : throw new UriFormatException($"[{path}] is no absolute actor path.");

    public static bool TryParse(string path, out ActorPath? actorPath)
    {
        actorPath = null;
        if (!Address.TryParse(path, out Address? address, out string? rest))
        {
            return false;
        }

        string text = rest!;
        long uid = UndefinedUid;
        int hash = text.IndexOf('#');
        if (hash >= 0)
        {
            if (!long.TryParse(text.AsSpan(hash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out uid))
            {
                return false;
            }

            text = text[..hash];
        }

        ActorPath at = new RootActorPath(address!, UndefinedUid);
        foreach (string element in text.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            at = new ChildActorPath(at, element, UndefinedUid);
        }

        actorPath = uid == UndefinedUid ? at : at.WithUid(uid);
        return true;
    }

    /// <summary>Whether a user may give this name to an actor: valid characters, not empty, not starting with <c>$</c>.</summary>
    public static bool IsValidPathElement(string s)
    {
        if (string.IsNullOrEmpty(s) || s[0] == '$')
        {
            return false;
        }

        for (int i = 0; i < s.Length; i++)
        {
            char c = s[i];
            bool escaped = c == '%' && i + 2 < s.Length && char.IsAsciiHexDigit(s[i + 1]) && char.IsAsciiHexDigit(s[i + 2]);
            if (escaped)
            {
                i += 2;
            }
            else if (!char.IsAsciiLetterOrDigit(c) && !ValidSymbols.Contains(c))
            {
                return false;
            }
        }

        return true;
    }

    public static string FormatPathElements(IEnumerable<string> pathElements) => string.Join('/', pathElements);

    public string ToStringWithoutAddress() => "/" + FormatPathElements(Elements);

    public string ToStringWithAddress() => ToString();

    /// <summary>The path with <paramref name="address"/> where this one's is local only.</summary>
    public string ToStringWithAddress(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return Address.HasGlobalScope ? ToString() : address + ToStringWithoutAddress();
    }

    public string ToStringWithUid() => Uid == UndefinedUid ? ToString() : string.Create(CultureInfo.InvariantCulture, $"{this}#{Uid}");

    public string ToSerializationFormat() => ToStringWithUid();

    public string ToSerializationFormatWithAddress(Address address) => Uid == UndefinedUid
        ? ToStringWithAddress(address)
        : string.Create(CultureInfo.InvariantCulture, $"{ToStringWithAddress(address)}#{Uid}");

    public override string ToString() => _text ??= Address + ToStringWithoutAddress();

    public bool Equals(ActorPath? other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        if (other is null || Depth != other.Depth || !Address.Equals(other.Address))
        {
            return false;
        }

        ActorPath a = this;
        for (ActorPath b = other; a.Depth > 0; a = a.Parent, b = b.Parent)
        {
            if (!string.Equals(a.Name, b.Name, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as ActorPath);

    public override int GetHashCode()
    {
        int hash = Address.GetHashCode();
        for (ActorPath at = this; at.Depth > 0; at = at.Parent)
        {
            hash = (hash * 31) + StringComparer.Ordinal.GetHashCode(at.Name);
        }

        return hash;
    }

    public int CompareTo(ActorPath? other) => string.CompareOrdinal(ToString(), other?.ToString());
}

/// <summary>The root of a tree.</summary>
internal sealed class RootActorPath(Address address, long uid) : ActorPath(address, string.Empty, uid, 0)
{
    public override ActorPath Parent => this;

    public override ActorPath Root => this;

    public override ActorPath WithUid(long uid) => uid == Uid ? this : new RootActorPath(Address, uid);
}

/// <summary>Any path below a root.</summary>
internal sealed class ChildActorPath(ActorPath parent, string name, long uid) : ActorPath(parent.Address, name, uid, parent.Depth + 1)
{
    public override ActorPath Parent => parent;

    public override ActorPath Root => parent.Root;

    public override ActorPath WithUid(long uid) => uid == Uid ? this : new ChildActorPath(parent, Name, uid);
}
