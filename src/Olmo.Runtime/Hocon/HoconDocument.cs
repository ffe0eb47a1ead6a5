namespace Olmo.Runtime.Hocon;

/// <summary>A parsed configuration whose substitutions are still open, so that documents can be layered before they are resolved.</summary>
public sealed class HoconDocument
{
    private readonly Node root;

    internal HoconDocument(Node root) => this.root = root;

    /// <summary>The document without any field.</summary>
    public static HoconDocument Empty { get; } = new(new ObjectNode(new HoconOrigin("empty", 0)));

    /// <summary>Whether the root is an object without fields.</summary>
    public bool IsEmpty => root is ObjectNode { Keys.Count: 0 };

    /// <summary>Parses a text.</summary>
    /// <param name="text">HOCON or JSON.</param>
    /// <param name="source">Its name in messages.</param>
    /// <param name="includes">Finds what it includes; null: nothing is found.</param>
    /// <exception cref="HoconException">Kinds Parse, BadPath, WrongType and IO, with source and line.</exception>
    public static HoconDocument Parse(string text, string source = "text", IHoconIncludes? includes = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parse(new HoconText(source, text), includes ?? NoIncludes.Instance);
    }

    /// <summary>Parses a text that includes can be relative to.</summary>
    /// <exception cref="HoconException">Kinds Parse, BadPath, WrongType and IO, with source and line.</exception>
    public static HoconDocument Parse(HoconText text, IHoconIncludes includes)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(includes);
        return new HoconDocument(HoconParser.ParseDocument(text, includes));
    }

    /// <summary>Parses a file with its includes; <paramref name="includes"/> null: those beside it only.</summary>
    /// <exception cref="HoconException">Kinds Parse, BadPath, WrongType and IO, with file and line.</exception>
    public static HoconDocument Load(string path, IHoconIncludes? includes = null) =>
        Parse(FileIncludes.Read(path), includes ?? new FileIncludes());

    /// <summary>
    /// One <c>key=value</c> as given on a command line; its origin is <c>--set key</c>. The value is HOCON; text that is none and
    /// does not begin like a list, object, quoted string or substitution is taken literally, so that paths need no quotes.
    /// </summary>
    /// <exception cref="HoconException">Kind Parse: no <c>=</c>; kind BadPath: malformed key.</exception>
    public static HoconDocument ParseOverride(string assignment)
    {
        ArgumentNullException.ThrowIfNull(assignment);
        int equals = assignment.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            throw new HoconException(HoconErrorKind.Parse, new HoconOrigin("--set", 0), "an override has no '='", $"'{assignment}'", "key=value");
        }

        HoconPath key = HoconPath.Parse(assignment[..equals].Trim());
        string value = assignment[(equals + 1)..].Trim();
        HoconOrigin origin = new($"--set {key}", 0);
        Node node;
        try
        {
            node = ValueOf(value, origin);
        }
        catch (HoconException) when (value.Length == 0 || value[0] is not ('[' or '{' or '"' or '$'))
        {
            node = new ScalarNode(new HoconScalar(origin, HoconScalarKind.String, value));
        }

        for (int i = key.Keys.Count - 1; i >= 0; i--)
        {
            ObjectNode wrapper = new(origin);
            wrapper.Push(key.Keys[i], [node]);
            node = wrapper;
        }

        return new HoconDocument(node);
    }

    /// <summary>A document that holds a resolved value again.</summary>
    public static HoconDocument Of(HoconObject value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new HoconDocument(NodeOf(value));
    }

    /// <summary>This document over another: this one's values win, objects merge, substitutions stay open.</summary>
    /// <exception cref="HoconException">Kind WrongType: a root is a list.</exception>
    public HoconDocument WithFallback(HoconDocument below)
    {
        ArgumentNullException.ThrowIfNull(below);
        return new HoconDocument(ObjectNode.Merge(Fields(), below.Fields()));
    }

    /// <summary>All substitutions replaced.</summary>
    /// <param name="environment">Value of an environment variable, or null; null: there is no environment.</param>
    /// <exception cref="HoconException">Kinds UnresolvedSubstitution and WrongType, with source and line.</exception>
    public HoconObject Resolve(Func<string, string?>? environment = null) => new HoconResolver(Fields(), environment ?? (_ => null)).ResolveRoot();

    /// <summary>As <see cref="Resolve"/>, for a root that may also be a list.</summary>
    /// <exception cref="HoconException">Kinds UnresolvedSubstitution and WrongType, with source and line.</exception>
    public HoconValue ResolveValue(Func<string, string?>? environment = null) =>
        root is ArrayNode array ? new HoconResolver(new ObjectNode(root.Origin), environment ?? (_ => null)).ResolveArray(array) : Resolve(environment);

    /// <summary>The fields of the root.</summary>
    /// <exception cref="HoconException">Kind WrongType: the root is a list.</exception>
    internal ObjectNode Fields() =>
        root as ObjectNode ?? throw new HoconException(HoconErrorKind.WrongType, root.Origin, "the root of a configuration must be an object", "a list", "an object");

    private static Node ValueOf(string value, HoconOrigin origin)
    {
        ObjectNode holder = (ObjectNode)HoconParser.ParseDocument(new HoconText(origin.Source, $"v = {value}"), NoIncludes.Instance, firstLine: 0);
        if (holder.Keys.Count != 1 || holder.Stack("v") is not [Node only])
        {
            throw new HoconException(HoconErrorKind.Parse, origin, "an override holds more than one value", $"'{value}'", "one value");
        }

        return only;
    }

    private static Node NodeOf(HoconValue value)
    {
        switch (value)
        {
            case HoconScalar s:
                return new ScalarNode(s);
            case HoconArray a:
                return new ArrayNode(a.Origin, [.. a.Items.Select(NodeOf)]);
            case HoconObject o:
                ObjectNode node = new(o.Origin);
                foreach (string key in o.Keys)
                {
                    node.Push(key, [NodeOf(o[key])]);
                }

                return node;
            default:
                throw new InvalidOperationException($"Unknown value {value.GetType()}.");
        }
    }
}
