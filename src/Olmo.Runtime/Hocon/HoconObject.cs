using System.Diagnostics.CodeAnalysis;

namespace Olmo.Runtime.Hocon;

/// <summary>Keys with their values, in the order in which the keys first appeared.</summary>
public sealed class HoconObject : HoconValue
{
    private readonly Dictionary<string, HoconValue> fields;

    internal HoconObject(HoconOrigin origin, IReadOnlyList<string> keys, Dictionary<string, HoconValue> fields)
        : base(origin)
    {
        Keys = keys;
        this.fields = fields;
    }

    public IReadOnlyList<string> Keys { get; }

    public HoconValue this[string key] => fields[key];

    public override string TypeName => "object";

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out HoconValue value) => fields.TryGetValue(key, out value);

    /// <summary>The value at a path, null values included, or null where there is none.</summary>
    public HoconValue? Find(HoconPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        HoconValue at = this;
        foreach (string key in path.Keys)
        {
            if (at is not HoconObject o || !o.fields.TryGetValue(key, out HoconValue? next))
            {
                return null;
            }

            at = next;
        }

        return at;
    }

    /// <summary>The value at a path expression; see <see cref="Find(HoconPath)"/>.</summary>
    /// <exception cref="HoconException">Kind BadPath.</exception>
    public HoconValue? Find(string path) => Find(HoconPath.Parse(path));

    /// <summary>Whether there is a value that is not null.</summary>
    public bool HasPath(string path) => Find(path) is not (null or HoconScalar { IsNull: true });

    /// <summary>Whether there is a value, null included.</summary>
    public bool HasPathOrNull(string path) => Find(path) is not null;

    /// <summary>The value at a path, never null.</summary>
    /// <exception cref="HoconException">Kind BadPath, Missing or Null.</exception>
    public HoconValue Get(string path)
    {
        HoconValue? value = Find(path);
        return value switch
        {
            null => throw new HoconException(HoconErrorKind.Missing, Origin, $"there is no value at {path}"),
            HoconScalar { IsNull: true } => throw new HoconException(HoconErrorKind.Null, value.Origin, $"{path} is null", "null", "a value"),
            _ => value,
        };
    }

    /// <summary>Every value that is no object, and every empty object, with its path; lists count as one value.</summary>
    public IEnumerable<KeyValuePair<HoconPath, HoconValue>> Leaves() => Leaves(HoconPath.Root, this);

    private static IEnumerable<KeyValuePair<HoconPath, HoconValue>> Leaves(HoconPath at, HoconObject value)
    {
        foreach (string key in value.Keys)
        {
            HoconPath path = at.Child(key);
            if (value[key] is HoconObject { Keys.Count: > 0 } inner)
            {
                foreach (KeyValuePair<HoconPath, HoconValue> leaf in Leaves(path, inner))
                {
                    yield return leaf;
                }
            }
            else
            {
                yield return new(path, value[key]);
            }
        }
    }
}
