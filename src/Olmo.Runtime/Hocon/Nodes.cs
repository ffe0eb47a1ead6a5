namespace Olmo.Runtime.Hocon;

/// <summary>A value as written, before substitutions. A field holds a stack of nodes, the last written first.</summary>
internal abstract class Node(HoconOrigin origin)
{
    public HoconOrigin Origin { get; } = origin;

    /// <summary>Whether nothing below this node in a stack can matter any more.</summary>
    public virtual bool HidesBelow => false;
}

/// <summary>A string, number, boolean or null.</summary>
internal sealed class ScalarNode(HoconScalar value, bool isBlank = false) : Node(value.Origin)
{
    public HoconScalar Value { get; } = value;

    /// <summary>Unquoted white space between the parts of a concatenation: dropped beside arrays and objects.</summary>
    public bool IsBlank { get; } = isBlank;

    public override bool HidesBelow => true;
}

/// <summary>An array whose elements may hold substitutions.</summary>
internal sealed class ArrayNode(HoconOrigin origin, IReadOnlyList<Node> elements) : Node(origin)
{
    public IReadOnlyList<Node> Elements { get; } = elements;

    public override bool HidesBelow => true;
}

/// <summary>An object: each key has its stack of nodes.</summary>
internal sealed class ObjectNode(HoconOrigin origin, bool closed = false) : Node(origin)
{
    private readonly Dictionary<string, IReadOnlyList<Node>> stacks = new(StringComparer.Ordinal);
    private readonly List<string> keys = [];

    /// <summary>Keys in the order of their first appearance.</summary>
    public IReadOnlyList<string> Keys => keys;

    /// <summary>A value that is no object lies below: nothing under it merges with this object.</summary>
    public override bool HidesBelow => closed;

    public IReadOnlyList<Node>? Stack(string key) => stacks.GetValueOrDefault(key);

    /// <summary>Puts nodes on top of what the key has.</summary>
    public void Push(string key, IReadOnlyList<Node> above)
    {
        if (stacks.TryGetValue(key, out IReadOnlyList<Node>? below))
        {
            stacks[key] = Over(above, below);
        }
        else
        {
            keys.Add(key);
            stacks[key] = above;
        }
    }

    /// <summary>As <see cref="Push"/>, but merges into objects in place: only for nodes that no other document can see yet.</summary>
    public void PushOwned(string key, Node above)
    {
        if (above is ObjectNode { HidesBelow: false } upper && stacks.TryGetValue(key, out IReadOnlyList<Node>? below) && below[0] is ObjectNode lower)
        {
            foreach (string inner in upper.keys)
            {
                if (upper.stacks[inner] is [Node single])
                {
                    lower.PushOwned(inner, single);
                }
                else
                {
                    lower.Push(inner, upper.stacks[inner]);
                }
            }
        }
        else
        {
            Push(key, [above]);
        }
    }

    /// <summary>Puts every field of another object on top of this one's.</summary>
    public void PushAll(ObjectNode above)
    {
        foreach (string key in above.keys)
        {
            Push(key, above.stacks[key]);
        }
    }

    /// <summary>A new object with the fields of <paramref name="above"/> over those of <paramref name="below"/>.</summary>
    public static ObjectNode Merge(ObjectNode above, ObjectNode below)
    {
        if (above.HidesBelow)
        {
            return above;
        }

        ObjectNode merged = new(above.Origin, below.HidesBelow);
        merged.PushAll(below);
        merged.PushAll(above);
        return merged;
    }

    /// <summary>One stack on top of another, by the merge rules of the format.</summary>
    public static IReadOnlyList<Node> Over(IReadOnlyList<Node> above, IReadOnlyList<Node> below)
    {
        Node bottom = above[^1];
        if (bottom.HidesBelow || below.Count == 0)
        {
            return above;
        }

        if (bottom is not ObjectNode upper)
        {
            return [.. above, .. below];
        }

        return below[0] switch
        {
            ObjectNode lower => [.. above.Take(above.Count - 1), Merge(upper, lower), .. below.Skip(1)],
            ScalarNode or ArrayNode => [.. above.Take(above.Count - 1), upper.Close()],
            _ => [.. above, .. below],
        };
    }

    private ObjectNode Close()
    {
        ObjectNode copy = new(Origin, closed: true);
        copy.PushAll(this);
        return copy;
    }
}

/// <summary><c>${path}</c> or <c>${?path}</c>.</summary>
/// <param name="origin">Where it is written.</param>
/// <param name="path">Path from the root, with the including path in front.</param>
/// <param name="prefixLength">How many keys at the front came from the include; tried without them too.</param>
/// <param name="optional">Whether an undefined path is allowed.</param>
internal sealed class SubstitutionNode(HoconOrigin origin, HoconPath path, int prefixLength, bool optional) : Node(origin)
{
    public HoconPath Path { get; } = path;

    public int PrefixLength { get; } = prefixLength;

    public bool Optional { get; } = optional;

    /// <summary>The expression as written.</summary>
    public string Expression => $"${{{(Optional ? "?" : "")}{Path.Skip(PrefixLength)}}}";
}

/// <summary>Values beside each other of which at least one is a substitution.</summary>
internal sealed class ConcatenationNode(HoconOrigin origin, IReadOnlyList<Node> parts) : Node(origin)
{
    public IReadOnlyList<Node> Parts { get; } = parts;
}
