namespace Olmo.Runtime.Storage;

/// <summary>The journal holds an event that this program does not know; recovery fails and names it.</summary>
public sealed class UnknownManifestException(string manifest)
    : Exception($"the journal holds an event '{manifest}' that this program does not know: it was written by a newer version, or its contract was removed")
{
    /// <summary>Name and version.</summary>
    public string Manifest { get; } = manifest;
}
