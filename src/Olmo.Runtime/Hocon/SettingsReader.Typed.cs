using System.Globalization;

namespace Olmo.Runtime.Hocon;

public sealed partial class SettingsReader
{
    private static readonly TimeSpan LongestDuration = TimeSpan.FromTicks(long.MaxValue / 100);

    /// <summary>Whether a key has a value that is not null.</summary>
    /// <exception cref="InvalidOperationException">The key is not in the reference.</exception>
    public bool IsSet(string key) => Known(key).Value is not (null or HoconScalar { IsNull: true });

    /// <summary>A whole number within bounds, both included.</summary>
    public int Int32(string key, int least = int.MinValue, int most = int.MaxValue) => Bounded(key, least, most, HoconConversions.AsInt32);

    /// <summary>A whole number within bounds, both included.</summary>
    public long Int64(string key, long least = long.MinValue, long most = long.MaxValue) => Bounded(key, least, most, HoconConversions.AsInt64);

    /// <summary>A finite number within bounds, both included.</summary>
    public double Double(string key, double least = double.MinValue, double most = double.MaxValue) => Bounded(key, least, most, HoconConversions.AsDouble);

    /// <summary>A finite number of at least <paramref name="least"/> and less than <paramref name="limit"/>.</summary>
    public double DoubleBelow(string key, double least, double limit) => Get(key, (v, p) => v.AsDouble(p) is var number && number >= least && number < limit
        ? number
        : throw HoconConversions.Bad(v, p, HoconRenderer.ToJson(v), $"a value from {Show(least)} to below {Show(limit)}"));

    /// <summary>true or false (yes, no, on, off).</summary>
    public bool Boolean(string key) => Get(key, HoconConversions.AsBoolean);

    /// <summary>A text that is not empty.</summary>
    public string Text(string key) => Get(key, static (v, p) => v.AsString(p) is { Length: > 0 } text ? text : throw HoconConversions.Bad(v, p, "\"\"", "a text that is not empty")) ?? "";

    /// <summary>A text, or null where it is null or empty.</summary>
    public string? OptionalText(string key) => IsSet(key) && Get(key, HoconConversions.AsString) is { Length: > 0 } text ? text : null;

    /// <summary>A duration within bounds, both included; default bounds: zero and about 292 years.</summary>
    public TimeSpan Duration(string key, TimeSpan? least = null, TimeSpan? most = null) =>
        Bounded(key, least ?? TimeSpan.Zero, most ?? LongestDuration, HoconConversions.AsTimeSpan);

    /// <summary>A size in bytes within bounds, both included.</summary>
    public long SizeBytes(string key, long least = 0, long most = long.MaxValue) => Bounded(key, least, most, HoconConversions.AsSizeBytes);

    /// <summary>One of the given texts.</summary>
    public string Choice(string key, params IReadOnlyList<string> choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        return Get(key, (v, p) => v.AsString(p) is { } text && choices.Contains(text, StringComparer.Ordinal)
            ? text
            : throw HoconConversions.Bad(v, p, $"'{v.AsString(p)}'", $"one of {string.Join(", ", choices)}")) ?? choices[0];
    }

    /// <summary>A list of texts.</summary>
    public IReadOnlyList<string> TextList(string key) => Get(key, HoconConversions.AsStringList) ?? [];

    /// <summary>A list of whole numbers within bounds, both included.</summary>
    public IReadOnlyList<long> Int64List(string key, long least = long.MinValue, long most = long.MaxValue) =>
        Get(key, (v, p) => HoconConversions.ListOf(v, p, (e, at) => Check(e, at, e.AsInt64(at), least, most))) ?? [];

    /// <summary>A list of finite numbers within bounds, both included.</summary>
    public IReadOnlyList<double> DoubleList(string key, double least = double.MinValue, double most = double.MaxValue) =>
        Get(key, (v, p) => HoconConversions.ListOf(v, p, (e, at) => Check(e, at, e.AsDouble(at), least, most))) ?? [];

    /// <summary>
    /// A secret: from the environment (<c>${?NAME}</c>), or null. One that is written into a file or a command line is refused, as it would be copied with them.
    /// </summary>
    public string? Secret(string key)
    {
        if (!IsSet(key))
        {
            return null;
        }

        HoconValue value = Known(key).Value!;
        if (value is HoconScalar { Text.Length: > 0 } scalar)
        {
            if (scalar.Origin.Source.StartsWith(HoconResolver.EnvironmentSource, StringComparison.Ordinal))
            {
                return scalar.Text;
            }

            errors.Add(new SettingsError(HoconErrorKind.BadValue, value.Origin, Full(key), $"{Full(key)} is a secret and must not be written here, expected a reference to the environment, as ${{?NAME}}"));
        }

        return null;
    }

    /// <summary>The keys of a section, read as if they were at the root.</summary>
    public SettingsReader Section(string key)
    {
        (HoconValue? value, SchemaNode known) = Known(key);
        return new SettingsReader(schema, value as HoconObject ?? Nothing(value), known, Full(key), errors);
    }

    /// <summary>The children of a section whose names the user chooses, in the order of the recipe; defaults come from the key <c>"*"</c> of the reference.</summary>
    public IReadOnlyList<KeyValuePair<string, SettingsReader>> Sections(string key)
    {
        (HoconValue? value, SchemaNode known) = Known(key);
        SchemaNode any = known.AnyChild ?? throw new InvalidOperationException($"The reference has no \"*\" below {Full(key)}.");
        List<KeyValuePair<string, SettingsReader>> sections = [];
        foreach (string name in (value as HoconObject)?.Keys ?? [])
        {
            string path = Join(Full(key), HoconPath.Of(name).ToString());
            sections.Add(new(name, new SettingsReader(schema, ((HoconObject)value!)[name] as HoconObject ?? Nothing(value), any, path, errors)));
        }

        return sections;
    }

    /// <summary>The elements of a list of sections; defaults come from the one element of the reference's list, which is marked <c>template</c>.</summary>
    public IReadOnlyList<SettingsReader> Elements(string key)
    {
        SchemaNode element = Known(key).Known.Element ?? throw new InvalidOperationException($"The reference has no list marked template at {Full(key)}.");
        IReadOnlyList<HoconValue> items = Get(key, HoconConversions.AsList) ?? [];
        return [.. items.Select((item, i) => new SettingsReader(schema, item as HoconObject ?? Nothing(item), element, string.Create(CultureInfo.InvariantCulture, $"{Full(key)}[{i}]"), errors))];
    }

    private static HoconObject Nothing(HoconValue? value) => new(value?.Origin ?? new HoconOrigin("settings", 0), [], new Dictionary<string, HoconValue>(StringComparer.Ordinal));

    private static T Check<T>(HoconValue value, string path, T number, T least, T most)
        where T : IComparable<T> =>
        number.CompareTo(least) >= 0 && number.CompareTo(most) <= 0
            ? number
            : throw HoconConversions.Bad(value, path, HoconRenderer.ToJson(value), Range(least, most));

    private static string Range<T>(T least, T most) => (Unbounded(least), Unbounded(most)) switch
    {
        (false, false) => $"a value from {Show(least)} to {Show(most)}",
        (false, true) => $"a value of at least {Show(least)}",
        _ => $"a value of at most {Show(most)}",
    };

    private static bool Unbounded<T>(T bound) =>
        bound is double.MaxValue or double.MinValue or long.MaxValue or long.MinValue or int.MaxValue or int.MinValue || (bound is TimeSpan time && time == LongestDuration);

    private static string Show<T>(T bound) => bound is IFormattable f ? f.ToString(null, CultureInfo.InvariantCulture) : $"{bound}";

    private T Bounded<T>(string key, T least, T most, Func<HoconValue, string, T> read)
        where T : struct, IComparable<T> =>
        Get(key, (v, p) => Check(v, p, read(v, p), least, most));

    private (HoconValue? Value, SchemaNode Known) Known(string key)
    {
        (HoconValue? value, SchemaNode? known) = At(key);
        return known is null ? throw new InvalidOperationException($"The key {Full(key)} is not in the reference: every key has its default there.") : (value, known);
    }

    private T? Get<T>(string key, Func<HoconValue, string, T> read)
    {
        (HoconValue? value, SchemaNode known) = Known(key);
        string full = Full(key);
        if (value is null or HoconScalar { IsNull: true })
        {
            HoconErrorKind kind = value is null ? HoconErrorKind.Missing : HoconErrorKind.Null;
            errors.Add(new SettingsError(kind, value?.Origin ?? root.Origin, full, $"{full} is not set and has no default"));
            return default;
        }

        try
        {
            return read(value, full);
        }
        catch (HoconException e)
        {
            string message = known.IsSecret
                ? $"{full} has a wrong value, found {Redacted}, expected {e.Expected}"
                : e.Message[(e.Origin.ToString().Length + 2)..];
            errors.Add(new SettingsError(e.Kind, e.Origin, full, message));
            return default;
        }
    }
}
