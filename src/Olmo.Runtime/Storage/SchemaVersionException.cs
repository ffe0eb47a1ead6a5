namespace Olmo.Runtime.Storage;

/// <summary>A newer program wrote the database; this one must not touch it.</summary>
public sealed class SchemaVersionException(string path, int found, int known)
    : Exception($"{path}: the database has schema version {found}, this program knows versions up to {known}: use the newer program")
{
    /// <summary>Version of the database.</summary>
    public int Found { get; } = found;

    /// <summary>Greatest version that this program knows.</summary>
    public int Known { get; } = known;
}
