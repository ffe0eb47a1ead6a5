namespace Olmo.Runtime.Hocon;

/// <summary>
/// Every known key with its default, read from a reference configuration. A comment above or beside a key may begin with markers:
/// <c>numeric</c> (decides bits) or <c>operational</c>; <c>secret</c> (never written anywhere); <c>any-keys</c> (any keys are allowed below);
/// <c>template</c> (the list is empty by default, and its one element shows the keys and defaults of every element). The markers of a section hold for its keys unless
/// those have their own. A key <c>"*"</c> gives keys and defaults of children whose names the user chooses.
/// </summary>
public sealed class SettingsSchema
{
    private const string AnyName = "*";

    private SettingsSchema(HoconDocument defaults, SchemaNode root)
    {
        Defaults = defaults;
        Root = root;
        List<SettingsKey> keys = [];
        List(root, "", keys);
        Keys = keys;
    }

    /// <summary>Every key that holds a value, in the order of the reference.</summary>
    public IReadOnlyList<SettingsKey> Keys { get; }

    /// <summary>The reference without what only shows keys of templates.</summary>
    internal HoconDocument Defaults { get; }

    internal SchemaNode Root { get; }

    /// <summary>Reads a reference configuration.</summary>
    /// <exception cref="HoconException">A template cannot be resolved by itself.</exception>
    public static SettingsSchema Parse(HoconDocument reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        SchemaNode root = new(SchemaMarks.None, "", isSection: true);
        ObjectNode defaults = Build(reference.Fields(), root);
        return new SettingsSchema(new HoconDocument(defaults), root);
    }

    /// <summary>The known path nearest to an unknown one: a slip in the last key first, then in the whole path.</summary>
    internal string Nearest(string parent, string key)
    {
        string path = parent.Length == 0 ? key : $"{parent}.{key}";
        string best = "";
        int least = int.MaxValue;
        foreach (string known in AllPaths(Root, ""))
        {
            int dot = known.LastIndexOf('.');
            string knownParent = dot < 0 ? "" : known[..dot];
            string knownKey = known[(dot + 1)..];
            int distance = EditDistance.Between(path, known);
            if (string.Equals(knownParent, parent, StringComparison.Ordinal))
            {
                // Among siblings a shared beginning says more than equal lengths: lr and lr-peak.
                bool prefix = knownKey.StartsWith(key, StringComparison.Ordinal) || key.StartsWith(knownKey, StringComparison.Ordinal);
                distance = Math.Min(distance, prefix ? 1 : int.MaxValue);
            }
            else
            {
                distance = string.Equals(knownKey, key, StringComparison.Ordinal) ? Math.Min(distance, 2) : distance + 1;
            }

            if (distance < least)
            {
                (best, least) = (known, distance);
            }
        }

        return best;
    }

    private static IEnumerable<string> AllPaths(SchemaNode node, string at)
    {
        foreach ((string key, SchemaNode child) in node.Children)
        {
            string path = Join(at, HoconPath.Of(key).ToString());
            yield return path;
            foreach (string inner in AllPaths(child, path))
            {
                yield return inner;
            }
        }

        foreach ((SchemaNode? inner, string path) in new[] { (node.AnyChild, Join(at, AnyName)), (node.Element, at + "[]") })
        {
            if (inner is not null)
            {
                foreach (string deeper in AllPaths(inner, path))
                {
                    yield return deeper;
                }
            }
        }
    }

    private static void List(SchemaNode node, string at, List<SettingsKey> keys)
    {
        foreach ((string key, SchemaNode child) in node.Children)
        {
            string path = Join(at, HoconPath.Of(key).ToString());
            if (child.IsSection)
            {
                List(child, path, keys);
            }
            else if (child.Element is { IsSection: true } element)
            {
                List(element, path + "[]", keys);
            }
            else
            {
                keys.Add(new SettingsKey(path, child.IsNumeric, child.Marks.HasFlag(SchemaMarks.Operational), child.IsSecret, child.Description));
            }
        }

        if (node.AnyChild is { } any)
        {
            List(any, Join(at, AnyName), keys);
        }
    }

    private static string Join(string at, string key) => at.Length == 0 ? key : $"{at}.{key}";

    /// <summary>Fills a node from an object and returns the object without templates.</summary>
    private static ObjectNode Build(ObjectNode fields, SchemaNode into)
    {
        ObjectNode defaults = new(fields.Origin);
        foreach (string key in fields.Keys)
        {
            IReadOnlyList<Node> stack = fields.Stack(key)!;
            Node top = stack[0];
            (SchemaMarks marks, string description) = Read(top.Origin.Comments, into.Marks);
            SchemaNode node = new(marks, description, top is ObjectNode);
            if (key == AnyName)
            {
                into.AnyChild = node;
                if (top is ObjectNode shape)
                {
                    into.Template = new HoconDocument(Build(shape, node)).Resolve();
                }

                continue;
            }

            into.Children[key] = node;
            if (top is ObjectNode inner)
            {
                defaults.Push(key, [Build(inner, node), .. stack.Skip(1)]);
            }
            else if (top is ArrayNode { Elements: [Node example] } && marks.HasFlag(SchemaMarks.Template))
            {
                node.Element = new SchemaNode(marks & ~SchemaMarks.Template, description, example is ObjectNode);
                if (example is ObjectNode shape)
                {
                    node.Template = new HoconDocument(Build(shape, node.Element)).Resolve();
                }

                defaults.Push(key, [new ArrayNode(top.Origin, [])]);
            }
            else
            {
                defaults.Push(key, stack);
            }
        }

        return defaults;
    }

    private static (SchemaMarks Marks, string Description) Read(IReadOnlyList<string> comments, SchemaMarks inherited)
    {
        SchemaMarks own = SchemaMarks.None;
        List<string> rest = [];
        foreach (string comment in comments)
        {
            string text = comment;
            while (true)
            {
                int end = text.AsSpan().IndexOfAny(" ,;.:");
                string word = end < 0 ? text : text[..end];
                SchemaMarks mark = word switch
                {
                    "numeric" => SchemaMarks.Numeric,
                    "operational" => SchemaMarks.Operational,
                    "secret" => SchemaMarks.Secret,
                    "any-keys" => SchemaMarks.AnyKeys,
                    "template" => SchemaMarks.Template,
                    _ => SchemaMarks.None,
                };
                if (mark == SchemaMarks.None)
                {
                    break;
                }

                own |= mark;
                text = end < 0 ? "" : text[end..].TrimStart(' ', ',', ';', '.', ':');
            }

            if (text.Length > 0)
            {
                rest.Add(text);
            }
        }

        if ((own & (SchemaMarks.Numeric | SchemaMarks.Operational)) == 0)
        {
            own |= inherited & (SchemaMarks.Numeric | SchemaMarks.Operational);
        }

        return (own | (inherited & SchemaMarks.Secret), string.Join(' ', rest));
    }
}
