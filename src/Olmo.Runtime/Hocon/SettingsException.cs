namespace Olmo.Runtime.Hocon;

/// <summary>A recipe has unknown keys or wrong values; all of them are listed, one a line, by file and line.</summary>
public sealed class SettingsException(IReadOnlyList<SettingsError> errors) : Exception(string.Join('\n', errors))
{
    public IReadOnlyList<SettingsError> Errors { get; } = errors;
}
