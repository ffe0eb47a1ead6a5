namespace Olmo.Runtime.Hocon;

/// <summary>One thing wrong with a recipe.</summary>
/// <param name="Kind">What kind of error it is; an unknown key is BadPath.</param>
/// <param name="Origin">Where the offending text stands.</param>
/// <param name="Key">Path of the key.</param>
/// <param name="Message">Found, expected and, for unknown keys, the nearest known one; without the place.</param>
public sealed record SettingsError(HoconErrorKind Kind, HoconOrigin Origin, string Key, string Message)
{
    public override string ToString() => $"{Origin}: {Message}";
}
