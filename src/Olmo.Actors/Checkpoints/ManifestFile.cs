using System.Security.Cryptography;
using Olmo.Actors.ObjectStorage;

namespace Olmo.Actors.Checkpoints;

/// <summary>Reads a manifest and checks it against the digest in the journal.</summary>
public static class ManifestFile
{
    private const int MaxLengthBytes = 256 << 20;

    /// <summary>Reads the manifest of a committed checkpoint.</summary>
    /// <exception cref="InvalidDataException">It is missing, too long or not the one that was committed.</exception>
    public static CheckpointManifest Read(IObjectReader store, CheckpointCommitted committed)
    {
        long length = store.LengthOf(committed.Manifest) ?? throw new InvalidDataException($"manifest '{committed.Manifest}' is missing");
        if (length > MaxLengthBytes)
        {
            throw new InvalidDataException($"manifest '{committed.Manifest}' has {length:N0} bytes, the limit is {MaxLengthBytes:N0}");
        }

        byte[] bytes = new byte[length];
        using (Stream stream = store.OpenRead(committed.Manifest))
        {
            stream.ReadExactly(bytes);
        }

        string found = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return found == committed.ManifestSha256
            ? CheckpointManifest.Parse(bytes, committed.Manifest)
            : throw new InvalidDataException($"manifest '{committed.Manifest}' has SHA-256 {found}, {committed.ManifestSha256} was committed");
    }
}
