namespace Olmo.Runtime.Contracts;

/// <summary>The bytes under a known manifest are not what its contract says.</summary>
public sealed class PayloadException(string manifest, string detail, Exception? cause = null) : Exception($"the payload of '{manifest}' cannot be read: {detail}", cause)
{
    /// <summary>Name and version.</summary>
    public string Manifest { get; } = manifest;
}
