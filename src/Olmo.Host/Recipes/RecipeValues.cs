using Olmo.Runtime.Hocon;

namespace Olmo.Host.Recipes;

/// <summary>
/// Reads the values of a recipe and collects every value that is wrong, so that a user sees all of them at once: each names file and line, key, value and what is expected. Rules over
/// several keys are looked at once the values are good.
/// </summary>
internal sealed class RecipeValues(HoconObject resolved)
{
    private readonly List<string> _problems = [];

    /// <summary>What is wrong so far.</summary>
    public IReadOnlyList<string> Problems => _problems;

    public string Text(string key) => Read(key, HoconConversions.AsString, "");

    public bool Flag(string key) => Read(key, HoconConversions.AsBoolean, false);

    public IReadOnlyList<string> Texts(string key) => Read(key, HoconConversions.AsStringList, []);

    public TimeSpan Duration(string key, TimeSpan min)
    {
        TimeSpan value = Read(key, HoconConversions.AsTimeSpan, min);
        return Check(key, value, value >= min, $"a duration of at least {min}");
    }

    public long Bytes(string key) => Read(key, HoconConversions.AsSizeBytes, 0L);

    public int Int(string key, int min, int max = int.MaxValue)
    {
        int value = Read(key, HoconConversions.AsInt32, min);
        return Check(key, value, value >= min && value <= max, max == int.MaxValue ? $"a whole number of at least {min}" : $"a whole number from {min} to {max}");
    }

    public long Long(string key, long min)
    {
        long value = Read(key, HoconConversions.AsInt64, min);
        return Check(key, value, value >= min, $"a whole number of at least {min}");
    }

    public double Number(string key, double min, double max, bool isMaxIncluded = true)
    {
        double value = Read(key, HoconConversions.AsDouble, min);
        bool fits = value >= min && (isMaxIncluded ? value <= max : value < max);
        return Check(key, value, fits, double.IsInfinity(max) ? $"a number of at least {min}" : $"a number from {min} to {(isMaxIncluded ? "" : "below ")}{max}");
    }

    public string OneOf(string key, params string[] choices)
    {
        string value = Text(key);
        return Check(key, value, choices.Contains(value, StringComparer.Ordinal), "one of " + string.Join(", ", choices));
    }

    /// <summary>A rule over several keys; the message names the first. Looked at only where every value read so far is good, as one mistake is to be reported once.</summary>
    public void Require(string key, bool holds, string rule)
    {
        if (_problems.Count == 0)
        {
            Check(key, resolved.Find(key)?.ToString() ?? "", holds, rule);
        }
    }

    private T Check<T>(string key, T value, bool fits, string expected)
    {
        if (!fits)
        {
            _problems.Add($"{resolved.Find(key)?.Origin}: {key} = {value}: expected {expected}");
        }

        return value;
    }

    private T Read<T>(string key, Func<HoconValue, string, T> convert, T otherwise)
    {
        try
        {
            return convert(resolved.Get(key), key);
        }
        catch (HoconException e)
        {
            _problems.Add(e.Message);
            return otherwise;
        }
    }
}
