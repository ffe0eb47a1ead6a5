using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

using Olmo.Data.Files;

namespace Olmo.Data.TokenFiles;

/// <summary>
/// Writes a token file as OLMo does: ids little-endian without a header, EOS after each document that does not end with it, and beside <c>X.npy</c> the
/// document metadata <c>X.csv.gz</c>. Both appear whole at <see cref="Complete"/>, the metadata first, or not at all.
/// </summary>
public sealed class TokenFileWriter : IDisposable
{
    private const int BufferBytes = 1 << 16;

    private readonly string _path;
    private readonly TokenType _type;
    private readonly int _eosId;
    private readonly DurableFile _tokens;
    private readonly DurableFile _metadata;
    private readonly GZipStream _gzip;
    private readonly IncrementalHash _tokenHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _metadataHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _buffered;
    private long _textBytes;

    /// <param name="path">Must end with <c>.npy</c>; an existing file is replaced at <see cref="Complete"/>.</param>
    /// <param name="type">How ids are stored.</param>
    /// <param name="eosId">End of document.</param>
    /// <exception cref="TokenFileException">Other extension, or an EOS id that the type cannot hold.</exception>
    public TokenFileWriter(string path, TokenType type, int eosId)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!path.EndsWith(".npy", StringComparison.Ordinal))
        {
            throw new TokenFileException(path, "a token file's name must end with .npy");
        }

        _path = path;
        _type = type;
        _eosId = CheckId(eosId);
        _tokens = new DurableFile(path);
        try
        {
            _metadata = new DurableFile(DocumentMetadata.PathOf(path));
        }
        catch
        {
            _tokens.Dispose();
            throw;
        }

        _gzip = new GZipStream(_metadata.Stream, CompressionLevel.Optimal, leaveOpen: true);
    }

    /// <summary>Ids so far, EOS included.</summary>
    public long LengthTokens { get; private set; }

    /// <summary>Documents so far.</summary>
    public long Documents { get; private set; }

    /// <summary>Ids that <see cref="Append"/> would add.</summary>
    public int LengthOf(ReadOnlySpan<int> ids) => ids.Length + (ids.IsEmpty || ids[^1] != _eosId ? 1 : 0);

    /// <summary>Adds a document.</summary>
    /// <param name="ids">Its ids, with or without EOS at the end.</param>
    /// <param name="id">The document's id.</param>
    /// <param name="origin">The file it came from.</param>
    /// <param name="location">Line or number in that file, from 1.</param>
    /// <param name="textBytes">UTF-8 bytes of its text, for the summary.</param>
    /// <exception cref="TokenFileException">An id is negative or too large for the type.</exception>
    public void Append(ReadOnlySpan<int> ids, string id, string origin, long location, long textBytes = 0)
    {
        long start = LengthTokens;
        foreach (int token in ids)
        {
            Put(CheckId(token));
        }

        if (ids.IsEmpty || ids[^1] != _eosId)
        {
            Put(_eosId);
        }

        byte[] line = Encoding.UTF8.GetBytes(new DocumentMetadata(start, LengthTokens, id, origin, location).ToCsvLine());
        _metadataHash.AppendData(line);
        _gzip.Write(line);
        Documents++;
        _textBytes += textBytes;
    }

    /// <summary>Flushes both files to the device and gives them their names.</summary>
    public TokenFileSummary Complete()
    {
        FlushBuffer();
        _gzip.Dispose();
        _metadata.Commit();
        _tokens.Commit();
        return new TokenFileSummary(
            Path.GetFileName(_path),
            LengthTokens,
            LengthTokens * _type.SizeBytes(),
            Documents,
            _textBytes,
            Convert.ToHexStringLower(_tokenHash.GetHashAndReset()),
            Convert.ToHexStringLower(_metadataHash.GetHashAndReset()));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _gzip.Dispose();
        _metadata.Dispose();
        _tokens.Dispose();
        _tokenHash.Dispose();
        _metadataHash.Dispose();
    }

    private int CheckId(int id) => id >= 0 && id <= _type.LargestId()
        ? id
        : throw new TokenFileException(_path, $"id {id} does not fit into {_type.Name()} (0 ... {_type.LargestId()})");

    private void Put(int id)
    {
        if (_buffered > BufferBytes - sizeof(uint))
        {
            FlushBuffer();
        }

        if (_type == TokenType.UInt16)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(_buffered), (ushort)id);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(_buffered), (uint)id);
        }

        _buffered += _type.SizeBytes();
        LengthTokens++;
    }

    private void FlushBuffer()
    {
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(0, _buffered);
        _tokenHash.AppendData(bytes);
        _tokens.Stream.Write(bytes);
        _buffered = 0;
    }
}
