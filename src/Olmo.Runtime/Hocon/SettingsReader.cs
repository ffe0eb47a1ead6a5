using System.Globalization;

namespace Olmo.Runtime.Hocon;

/// <summary>
/// Reads a recipe over the reference. Wrong keys and values do not stop the reading: they are collected, and
/// <see cref="ThrowIfErrors"/> reports all of them with file, line and key.
/// </summary>
public sealed partial class SettingsReader
{
    private const string Redacted = "(redacted)";
    private readonly List<SettingsError> errors;
    private readonly SettingsSchema schema;
    private readonly HoconObject root;
    private readonly SchemaNode node;
    private readonly string prefix;

    private SettingsReader(SettingsSchema schema, HoconObject root, SchemaNode node, string prefix, List<SettingsError> errors)
    {
        this.schema = schema;
        this.root = root;
        this.node = node;
        this.prefix = prefix;
        this.errors = errors;
    }

    /// <summary>What was found wrong up to now, in the order of files and lines of the recipe for unknown keys, then of reading.</summary>
    public IReadOnlyList<SettingsError> Errors => errors;

    /// <summary>The resolved values, defaults included.</summary>
    public HoconObject Values => root;

    /// <summary>Resolves a recipe over the defaults and looks for unknown keys.</summary>
    /// <param name="schema">Known keys and their defaults.</param>
    /// <param name="recipe">The user's layers, the highest on top: overrides over the file.</param>
    /// <param name="environment">Value of an environment variable, or null.</param>
    /// <exception cref="HoconException">A substitution cannot be resolved, or values do not go together.</exception>
    public static SettingsReader Open(SettingsSchema schema, HoconDocument recipe, Func<string, string?>? environment = null)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(recipe);
        HoconObject resolved = recipe.WithFallback(schema.Defaults).Resolve(environment);
        HoconObject complete = (HoconObject)Complete(resolved, schema.Root);
        SettingsReader reader = new(schema, complete, schema.Root, "", []);
        reader.CheckKeys(complete, schema.Root, "", "");
        return reader;
    }

    /// <summary>Throws where anything was wrong.</summary>
    /// <exception cref="SettingsException">With every error.</exception>
    public void ThrowIfErrors()
    {
        if (errors.Count > 0)
        {
            throw new SettingsException([.. errors]);
        }
    }

    /// <summary>Adds an error that the caller found, such as two keys that do not go together.</summary>
    /// <param name="key">The key to blame; relative to this reader.</param>
    /// <param name="expected">What would be right.</param>
    public void Reject(string key, string expected) => Reject(key, expected, []);

    private void Reject(string key, string expected, IReadOnlyList<string> others)
    {
        (HoconValue? value, SchemaNode? known) = At(key);
        string found = value is null ? "nothing" : known is { IsSecret: true } ? Redacted : HoconRenderer.ToJson(value);
        string defaults = schema.Defaults.Fields().Origin.Source;
        HoconOrigin? written = others.Prepend(key).Select(k => At(k).Value?.Origin).FirstOrDefault(o => o is not null && !string.Equals(o.Source, defaults, StringComparison.Ordinal));
        HoconOrigin place = written ?? value?.Origin ?? root.Origin;
        errors.Add(new SettingsError(HoconErrorKind.BadValue, place, Full(key), $"{Full(key)} has a wrong value, found {found}, expected {expected}"));
    }

    /// <summary>Every numeric key with its value as canonical JSON: what a checkpoint keeps, to compare with on resume (<see cref="SettingsChange.Between"/>).</summary>
    public IReadOnlyDictionary<string, string> NumericValues()
    {
        SortedDictionary<string, string> values = new(StringComparer.Ordinal);
        Visit(root, node, prefix, (path, value, known) =>
        {
            if (known.IsNumeric)
            {
                values[path] = known.IsSecret ? Redacted : HoconRenderer.ToCanonicalJson(value);
            }
        });
        return values;
    }

    /// <summary>
    /// Rejects a key where a rule over several keys does not hold. The rule is looked at only where all of those keys read well, so that one mistake is reported once.
    /// The place is that of the first of the keys that the recipe, not the reference, sets: there the mistake is.
    /// </summary>
    /// <param name="key">The key to blame; relative to this reader, as all of them.</param>
    /// <param name="holds">The rule; called at once or not at all.</param>
    /// <param name="expected">What would be right; called where the rule does not hold.</param>
    /// <param name="others">Further keys that the rule reads.</param>
    public void Require(string key, Func<bool> holds, Func<string> expected, params IReadOnlyList<string> others)
    {
        ArgumentNullException.ThrowIfNull(holds);
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(others);
        bool isReadable = !others.Append(key).Select(Full).Any(k => errors.Exists(e => string.Equals(e.Key, k, StringComparison.Ordinal)));
        if (isReadable && !holds())
        {
            Reject(key, expected(), others);
        }
    }

    /// <summary>The resolved values as HOCON, secrets replaced by <c>"(redacted)"</c>.</summary>
    public string Render() => HoconRenderer.ToHocon((HoconObject)Redact(root, node));

    private static HoconValue Redact(HoconValue value, SchemaNode? known)
    {
        switch (value)
        {
            case HoconObject o:
                return Map(o, (key, v) => Redact(v, known is { IsSecret: true } ? known : known?.Child(key)));
            case HoconArray a:
                return new HoconArray(a.Origin, [.. a.Items.Select(i => Redact(i, known is { IsSecret: true } ? known : known?.Element))]);
            case HoconScalar { IsNull: true }:
                return value;
            default:
                return known is { IsSecret: true } ? new HoconScalar(value.Origin, HoconScalarKind.String, Redacted) : value;
        }
    }

    /// <summary>Lays templates under children and elements that the user named.</summary>
    private static HoconValue Complete(HoconValue value, SchemaNode known)
    {
        switch (value)
        {
            case HoconObject o:
                return Map(o, (key, v) =>
                {
                    SchemaNode? child = known.Child(key);
                    HoconValue merged = child is not null && child == known.AnyChild && v is HoconObject given && known.Template is { } template ? Over(given, template) : v;
                    return child is null ? merged : Complete(merged, child);
                });
            case HoconArray a when known.Element is { } element:
                return new HoconArray(a.Origin, [.. a.Items.Select(i => Complete(i is HoconObject given && known.Template is { } template ? Over(given, template) : i, element))]);
            default:
                return value;
        }
    }

    private static HoconObject Over(HoconObject above, HoconObject below) => HoconDocument.Of(above).WithFallback(HoconDocument.Of(below)).Resolve() is { } merged
        ? new HoconObject(above.Origin, merged.Keys, merged.Keys.ToDictionary(k => k, k => merged[k], StringComparer.Ordinal))
        : above;

    private static HoconObject Map(HoconObject o, Func<string, HoconValue, HoconValue> change) =>
        new(o.Origin, o.Keys, o.Keys.ToDictionary(k => k, k => change(k, o[k]), StringComparer.Ordinal));

    private static void Visit(HoconValue value, SchemaNode known, string path, Action<string, HoconValue, SchemaNode> leaf)
    {
        switch (value)
        {
            case HoconObject o when known.IsSection:
                foreach (string key in o.Keys)
                {
                    if (known.Child(key) is { } child)
                    {
                        Visit(o[key], child, Join(path, HoconPath.Of(key).ToString()), leaf);
                    }
                }

                break;
            case HoconArray a when known.Element is { IsSection: true } element:
                for (int i = 0; i < a.Items.Count; i++)
                {
                    Visit(a.Items[i], element, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), leaf);
                }

                break;
            default:
                leaf(path, value, known);
                break;
        }
    }

    private static string Join(string at, string key) => at.Length == 0 ? key : $"{at}.{key}";

    private void CheckKeys(HoconValue value, SchemaNode known, string path, string schemaPath)
    {
        if (known.IsOpen)
        {
            return;
        }

        if (value is HoconArray a && known.Element is { } element)
        {
            for (int i = 0; i < a.Items.Count; i++)
            {
                CheckKeys(a.Items[i], element, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), schemaPath + "[]");
            }

            return;
        }

        if (value is not HoconObject o)
        {
            if (known.IsSection && value is not HoconScalar { IsNull: true })
            {
                string found = known.IsSecret ? Redacted : HoconRenderer.ToJson(value);
                errors.Add(new SettingsError(HoconErrorKind.WrongType, value.Origin, path, $"{path} is a section, found {found}, expected keys in braces"));
            }

            return;
        }

        if (!known.IsSection)
        {
            // Lists may be written as objects with integer keys; everything else is an error of the getter.
            return;
        }

        foreach (string key in o.Keys)
        {
            string name = HoconPath.Of(key).ToString();
            string full = Join(path, name);
            if (known.Child(key) is { } child)
            {
                CheckKeys(o[key], child, full, Join(schemaPath, known.Children.ContainsKey(key) ? name : "*"));
            }
            else
            {
                RejectUnknown(o[key], full, schemaPath, name);
            }
        }
    }

    /// <summary>Rejects what stands below an unknown name key by key: the name of a section alone says too little about what was meant.</summary>
    private void RejectUnknown(HoconValue value, string path, string schemaPath, string name)
    {
        if (value is HoconObject { Keys.Count: > 0 } section)
        {
            foreach (string key in section.Keys)
            {
                string inner = HoconPath.Of(key).ToString();
                RejectUnknown(section[key], Join(path, inner), Join(schemaPath, name), inner);
            }

            return;
        }

        errors.Add(new SettingsError(HoconErrorKind.BadPath, value.Origin, path, $"unknown key {path}, the nearest known key is {schema.Nearest(schemaPath, name)}"));
    }

    private string Full(string key) => Join(prefix, key);

    private (HoconValue? Value, SchemaNode? Known) At(string key)
    {
        HoconPath path = HoconPath.Parse(key);
        SchemaNode? known = node;
        foreach (string part in path.Keys)
        {
            known = known is { IsOpen: true } ? known : known?.Child(part);
        }

        return (root.Find(path), known);
    }
}
