namespace Olmo.Runtime.Hocon;

/// <summary>A key with two values.</summary>
/// <param name="Key">Path of the key.</param>
/// <param name="Was">Canonical JSON of the earlier value; null where there was none.</param>
/// <param name="Is">Canonical JSON of the value now; null where there is none.</param>
public sealed record SettingsChange(string Key, string? Was, string? Is)
{
    /// <summary>Every key whose values differ, sorted by key.</summary>
    public static IReadOnlyList<SettingsChange> Between(IReadOnlyDictionary<string, string> was, IReadOnlyDictionary<string, string> now)
    {
        ArgumentNullException.ThrowIfNull(was);
        ArgumentNullException.ThrowIfNull(now);
        List<SettingsChange> changes = [];
        foreach (string key in was.Keys.Union(now.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            (string? before, string? after) = (was.GetValueOrDefault(key), now.GetValueOrDefault(key));
            if (!string.Equals(before, after, StringComparison.Ordinal))
            {
                changes.Add(new SettingsChange(key, before, after));
            }
        }

        return changes;
    }

    public override string ToString() => $"{Key}: {Was ?? "(absent)"} -> {Is ?? "(absent)"}";
}
