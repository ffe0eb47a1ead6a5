using System.Security.Cryptography;

namespace Olmo.Model.State;

/// <summary>Reads a stream from front to back and hashes every byte.</summary>
internal sealed class HashedReader(Stream source, string file) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <exception cref="ShardFormatException">The stream ends before.</exception>
    public void ReadExactly(Span<byte> destination)
    {
        int read = source.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        _hash.AppendData(destination[..read]);
        if (read < destination.Length)
        {
            throw new ShardFormatException(file, $"it ends {destination.Length - read} bytes before the end of its data.");
        }
    }

    /// <summary>Reads to the end; SHA-256 of everything and how many bytes were left.</summary>
    public (string Sha256, long Left) Finish()
    {
        byte[] block = new byte[1 << 16];
        long left = 0;
        for (int read = source.Read(block); read > 0; read = source.Read(block))
        {
            _hash.AppendData(block.AsSpan(0, read));
            left += read;
        }

        return (Convert.ToHexStringLower(_hash.GetHashAndReset()), left);
    }

    public void Dispose() => _hash.Dispose();
}
