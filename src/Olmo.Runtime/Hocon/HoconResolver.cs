using System.Globalization;
using System.Runtime.CompilerServices;

namespace Olmo.Runtime.Hocon;

/// <summary>
/// Resolves substitutions lazily. A path is looked up as a sequence of nodes, the last written first. While a reference is being
/// evaluated, its own node and those above it are left out wherever a lookup meets it: so a field that refers to itself sees the
/// value below, also across layers and through other references.
/// </summary>
internal sealed class HoconResolver(ObjectNode root, Func<string, string?> environment)
{
    /// <summary>What the source of every value from the environment begins with.</summary>
    public const string EnvironmentSource = "environment variable ";

    private const int Untouched = int.MaxValue;

    /// <summary>References and concatenations being evaluated, with their depth.</summary>
    private readonly Dictionary<Node, int> evaluating = new(ReferenceEqualityComparer.Instance);

    /// <summary>Those whose content is being written out.</summary>
    private readonly HashSet<Node> materializing = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Node, Head?> heads = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<ObjectNode, HoconObject> objects = new(ReferenceEqualityComparer.Instance);

    /// <summary>The least depth of a node that the current evaluation had to leave out; its result holds only below that depth.</summary>
    private int lowest = Untouched;
    private int cyclesCut;

    public HoconObject ResolveRoot() => WriteObject(new ObjectHead([root]));

    public HoconArray ResolveArray(ArrayNode array) => WriteArray(new ArrayHead(array.Origin, [.. array.Elements.Select(e => (IReadOnlyList<Node>)[e])]));

    /// <summary>The nodes of a stack that count now: those below the lowest one that is being evaluated.</summary>
    private IEnumerable<Node> Visible(IReadOnlyList<Node> stack)
    {
        int start = 0;
        for (int i = 0; i < stack.Count && evaluating.Count > 0; i++)
        {
            if (evaluating.TryGetValue(stack[i], out int depth))
            {
                start = i + 1;
                lowest = Math.Min(lowest, depth);
            }
        }

        return stack.Skip(start);
    }

    private IEnumerable<Node> Child(IEnumerable<Node> parents, string key)
    {
        foreach (Node parent in parents)
        {
            IReadOnlyList<ObjectNode> layers;
            switch (parent)
            {
                case ObjectNode o:
                    layers = [o];
                    break;
                case SubstitutionNode or ConcatenationNode:
                    Head? head = HeadOf(parent);
                    if (head is null)
                    {
                        continue;
                    }

                    if (head is not ObjectHead inner)
                    {
                        yield break;
                    }

                    layers = inner.Layers;
                    break;
                default:
                    yield break;
            }

            foreach (ObjectNode layer in layers)
            {
                if (layer.Stack(key) is { } stack)
                {
                    foreach (Node node in Visible(stack))
                    {
                        yield return node;
                    }

                    if (stack[^1].HidesBelow)
                    {
                        yield break;
                    }
                }

                if (layer.HidesBelow)
                {
                    yield break;
                }
            }
        }
    }

    /// <summary>Type and layers of what a sequence of nodes amounts to; null where it is undefined.</summary>
    /// <param name="nodes">The last written first.</param>
    /// <param name="providers">Gets the references that took part.</param>
    private Head? HeadOf(IEnumerable<Node> nodes, List<Node>? providers = null)
    {
        List<ObjectNode> layers = [];
        foreach (Node node in nodes)
        {
            Head? head = HeadOf(node);
            if (head is null)
            {
                continue;
            }

            if (node is SubstitutionNode or ConcatenationNode)
            {
                providers?.Add(node);
            }

            if (head is not ObjectHead o)
            {
                if (layers.Count == 0)
                {
                    return head;
                }

                break;
            }

            layers.AddRange(o.Layers);
            if (o.HidesBelow)
            {
                break;
            }
        }

        return layers.Count == 0 ? null : new ObjectHead(layers);
    }

    private Head? HeadOf(Node node)
    {
        switch (node)
        {
            case ScalarNode s:
                return new ScalarHead(s.Value, s.IsBlank);
            case ArrayNode a:
                return new ArrayHead(a.Origin, [.. a.Elements.Select(e => (IReadOnlyList<Node>)[e])]);
            case ObjectNode o:
                return new ObjectHead([o]);
        }

        if (heads.TryGetValue(node, out Head? known))
        {
            return known;
        }

        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new HoconException(HoconErrorKind.UnresolvedSubstitution, node.Origin, "substitutions refer to each other too deeply");
        }

        int depth = evaluating.Count;
        if (!evaluating.TryAdd(node, depth))
        {
            lowest = Math.Min(lowest, evaluating[node]);
            return null;
        }

        int outer = lowest;
        lowest = Untouched;
        try
        {
            Head? head = node is SubstitutionNode s ? Evaluate(s) : Evaluate((ConcatenationNode)node);
            if (lowest >= depth)
            {
                heads[node] = head;
                lowest = Untouched;
            }

            return head;
        }
        finally
        {
            lowest = Math.Min(outer, lowest);
            evaluating.Remove(node);
        }
    }

    private Head? Evaluate(SubstitutionNode node)
    {
        Head? head = Lookup(node.Path);
        HoconPath written = node.Path.Skip(node.PrefixLength);
        if (head is null && node.PrefixLength > 0)
        {
            head = Lookup(written);
        }

        if (head is null)
        {
            string name = string.Join('.', written.Keys);
            if (environment(name) is { } value)
            {
                return new ScalarHead(new HoconScalar(new HoconOrigin(EnvironmentSource + name, 0), HoconScalarKind.String, value));
            }

            if (!node.Optional)
            {
                string chain = string.Join(" -> ", evaluating.OrderBy(e => e.Value).Select(e => e.Key).OfType<SubstitutionNode>().Select(s => s.Expression));
                throw new HoconException(
                    HoconErrorKind.UnresolvedSubstitution,
                    node.Origin,
                    lowest != Untouched ? $"the substitution is part of a cycle: {chain}" : "the substitution names nothing",
                    node.Expression,
                    "the path of a value or the name of an environment variable, or ${?...} where it may be absent");
            }
        }

        return head;
    }

    private Head? Lookup(HoconPath path)
    {
        IEnumerable<Node> nodes = [root];
        foreach (string key in path.Keys)
        {
            nodes = Child(nodes, key);
        }

        return HeadOf(nodes);
    }

    private Head? Evaluate(ConcatenationNode node)
    {
        Head? joined = null;
        foreach (Node part in node.Parts)
        {
            if (HeadOf(part) is { } next)
            {
                joined = joined is null ? next : Join(node, joined, next);
            }
        }

        return joined is ScalarHead { IsBlank: true } blank ? new ScalarHead(blank.Value) : joined;
    }

    private Head Join(ConcatenationNode node, Head left, Head right)
    {
        switch (left, right)
        {
            case (ScalarHead a, ScalarHead b):
                return new ScalarHead(new HoconScalar(node.Origin, HoconScalarKind.String, a.Value.Text + b.Value.Text));
            case (ScalarHead { IsBlank: true }, _):
                return right;
            case (_, ScalarHead { IsBlank: true }):
                return left;
            case (ObjectHead a, ObjectHead b):
                return b.HidesBelow ? b : new ObjectHead([.. b.Layers, .. a.Layers]);
            case (ArrayHead a, ArrayHead b):
                return new ArrayHead(node.Origin, [.. a.Elements, .. b.Elements]);
            case (ArrayHead a, ObjectHead b) when Indexed(b) is { } elements:
                return new ArrayHead(node.Origin, [.. a.Elements, .. elements]);
            case (ObjectHead a, ArrayHead b) when Indexed(a) is { } elements:
                return new ArrayHead(node.Origin, [.. elements, .. b.Elements]);
            default:
                throw new HoconException(HoconErrorKind.WrongType, node.Origin, $"{Name(left)} and {Name(right)} stand beside each other", Text(right), "values of one kind");
        }
    }

    /// <summary>An object with integer keys as a list, sorted by them; null where it has none.</summary>
    private List<IReadOnlyList<Node>>? Indexed(ObjectHead head)
    {
        SortedDictionary<int, IReadOnlyList<Node>> elements = [];
        foreach (string key in KeysOf(head))
        {
            if (int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            {
                elements[index] = [.. Child(head.Layers, key)];
            }
        }

        return elements.Count == 0 ? null : [.. elements.Values];
    }

    private static List<string> KeysOf(ObjectHead head)
    {
        List<string> keys = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = head.Layers.Count - 1; i >= 0; i--)
        {
            keys.AddRange(head.Layers[i].Keys.Where(seen.Add));
        }

        return keys;
    }

    private HoconObject WriteObject(ObjectHead head)
    {
        ObjectNode top = head.Layers[0];
        if (head.Layers.Count == 1 && objects.TryGetValue(top, out HoconObject? known))
        {
            return known;
        }

        int cut = cyclesCut;
        List<string> keys = [];
        Dictionary<string, HoconValue> fields = new(StringComparer.Ordinal);
        foreach (string key in KeysOf(head))
        {
            if (Write([.. Child(head.Layers, key)]) is { } value)
            {
                keys.Add(key);
                fields[key] = value;
            }
        }

        HoconObject result = new(top.Origin, keys, fields);
        if (head.Layers.Count == 1 && cut == cyclesCut)
        {
            objects[top] = result;
        }

        return result;
    }

    private HoconArray WriteArray(ArrayHead head)
    {
        List<HoconValue> items = [];
        foreach (IReadOnlyList<Node> element in head.Elements)
        {
            if (Write(element) is { } value)
            {
                items.Add(value);
            }
        }

        return new HoconArray(head.Origin, items);
    }

    /// <summary>The whole value of a stack of nodes; null where it is undefined.</summary>
    private HoconValue? Write(IReadOnlyList<Node> nodes)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new HoconException(HoconErrorKind.UnresolvedSubstitution, nodes[0].Origin, "values are nested too deeply");
        }

        List<Node> providers = [];
        Head? head = HeadOf(nodes, providers);
        if (head is null or ScalarHead)
        {
            return (head as ScalarHead)?.Value;
        }

        if (providers.Exists(materializing.Contains))
        {
            throw new ResolveCycleException();
        }

        materializing.UnionWith(providers);
        try
        {
            return head is ArrayHead array ? WriteArray(array) : WriteObject((ObjectHead)head);
        }
        catch (ResolveCycleException) when (providers.Count > 0)
        {
            cyclesCut++;
            if (providers.Find(p => p is SubstitutionNode { Optional: true }) is { } optional)
            {
                materializing.ExceptWith(providers);
                return Write([.. nodes.Where(n => n != optional)]);
            }

            Node culprit = providers[0];
            throw new HoconException(
                HoconErrorKind.UnresolvedSubstitution,
                culprit.Origin,
                "the value contains itself",
                culprit is SubstitutionNode s ? s.Expression : "a concatenation",
                "a reference to something outside of the value");
        }
        finally
        {
            materializing.ExceptWith(providers);
        }
    }

    private static string Name(Head head) => head switch
    {
        ArrayHead => "a list",
        ObjectHead => "an object",
        _ => "a string",
    };

    private static string Text(Head head) => head switch
    {
        ScalarHead s => $"'{s.Value.Text}'",
        ArrayHead a => $"the list of {a.Origin}",
        ObjectHead o => $"the object of {o.Layers[0].Origin}",
        _ => "another value",
    };
}
