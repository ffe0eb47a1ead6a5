using System.Security.Cryptography;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;

namespace Olmo.Host.Models;

/// <summary>Reads every byte of a shard file and compares it with the manifest.</summary>
internal static class ShardCheck
{
    private const int BlockBytes = 1 << 20;

    /// <summary>What is wrong with a shard file; null: nothing.</summary>
    public static string? WrongIn(IObjectReader store, ShardEntry shard, CancellationToken cancellation)
    {
        if (store.LengthOf(shard.Name) is not { } length)
        {
            return $"'{shard.Name}' is missing";
        }

        if (length != shard.LengthBytes)
        {
            return $"'{shard.Name}' has {length:N0} bytes, {shard.LengthBytes:N0} were written";
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using Stream stream = store.OpenRead(shard.Name);
        byte[] block = new byte[BlockBytes];
        for (int read = stream.Read(block); read > 0; read = stream.Read(block))
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(block, 0, read);
        }

        string found = Convert.ToHexStringLower(hash.GetHashAndReset());
        return found == shard.Sha256 ? null : $"'{shard.Name}' has SHA-256 {found}, {shard.Sha256} was written";
    }
}
