using System.Buffers.Binary;
using System.Runtime.InteropServices;

using Microsoft.Win32.SafeHandles;

namespace Olmo.Data.TokenFiles;

/// <summary>
/// Reader of OLMo's token files: little-endian unsigned ids without any header (in spite of the extension <c>.npy</c>). A file that does
/// start with a NumPy header of a one-dimensional array of the same type is read behind that header.
/// Any thread may read at any offset at any time. Reads are positioned (pread) and not memory-mapped: the page cache is the same, but a file
/// that is cut or lost while it is read gives an exception here, where a mapping would end the process by SIGBUS.
/// </summary>
public sealed class TokenFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly long _dataOffsetBytes;
    private readonly int _firstIdOutOfRange;

    private TokenFile(string path, TokenType type, SafeFileHandle handle, long dataOffsetBytes, long lengthTokens, int vocabularySize)
    {
        Path = path;
        Type = type;
        _handle = handle;
        _dataOffsetBytes = dataOffsetBytes;
        LengthTokens = lengthTokens;
        _firstIdOutOfRange = vocabularySize;
    }

    /// <summary>The path as given.</summary>
    public string Path { get; }

    /// <summary>How ids are stored.</summary>
    public TokenType Type { get; }

    /// <summary>Number of ids.</summary>
    public long LengthTokens { get; }

    /// <summary>Size of the ids in bytes, without a NumPy header.</summary>
    public long LengthBytes => LengthTokens * Type.SizeBytes();

    /// <summary>Opens a file for reading; others may read it too.</summary>
    /// <param name="path">The file.</param>
    /// <param name="type">How its ids are stored: the file itself does not say.</param>
    /// <param name="vocabularySize">Ids must be below this; <see cref="int.MaxValue"/> for no check.</param>
    /// <exception cref="TokenFileException">Missing, unreadable, a size that is no multiple of the id size, or a NumPy header of another type.</exception>
    public static TokenFile Open(string path, TokenType type, int vocabularySize = int.MaxValue)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        SafeFileHandle handle = OpenHandle(path);
        try
        {
            long sizeBytes = RandomAccess.GetLength(handle);
            long offset = NumpyHeader.DataOffset(path, handle, type);
            long dataBytes = sizeBytes - offset;
            if (dataBytes % type.SizeBytes() != 0)
            {
                throw new TokenFileException(path, $"{dataBytes} bytes are no multiple of {type.SizeBytes()}, the size of a {type.Name()} id: the file is cut, or of another type");
            }

            return new TokenFile(path, type, handle, offset, dataBytes / type.SizeBytes(), vocabularySize);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads <paramref name="destination"/>.Length ids from <paramref name="offsetTokens"/> on. Allocates nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range lies outside the file.</exception>
    /// <exception cref="TokenFileException">The file became shorter, cannot be read, or an id is not below the vocabulary size.</exception>
    public void Read(long offsetTokens, Span<int> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetTokens);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetTokens, LengthTokens - destination.Length);
        if (Type == TokenType.UInt16)
        {
            ReadUInt16(offsetTokens, destination);
        }
        else
        {
            ReadUInt32(offsetTokens, destination);
        }

        CheckRange(offsetTokens, destination);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static SafeFileHandle OpenHandle(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenFileException(path, $"cannot be opened: {e.Message}", e);
        }
    }

    // The bytes go into the upper half of the destination and are widened upwards in place: id i is written to bytes 4i..4i+3, and the
    // first id not read yet lies at byte 2n + 2(i + 1) > 4i + 3 for every i < n.
    private void ReadUInt16(long offsetTokens, Span<int> destination)
    {
        Span<byte> all = MemoryMarshal.AsBytes(destination);
        Span<byte> upper = all[(2 * destination.Length)..];
        Fill(offsetTokens * 2, upper);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = BinaryPrimitives.ReadUInt16LittleEndian(upper[(2 * i)..]);
        }
    }

    private void ReadUInt32(long offsetTokens, Span<int> destination)
    {
        Fill(offsetTokens * 4, MemoryMarshal.AsBytes(destination));
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(destination, destination);
        }
    }

    private void Fill(long offsetBytes, Span<byte> destination)
    {
        try
        {
            while (!destination.IsEmpty)
            {
                int read = RandomAccess.Read(_handle, destination, _dataOffsetBytes + offsetBytes);
                if (read == 0)
                {
                    throw new TokenFileException(Path, $"ends at byte {_dataOffsetBytes + offsetBytes}, but had {LengthBytes} bytes when it was opened");
                }

                offsetBytes += read;
                destination = destination[read..];
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenFileException(Path, $"cannot be read at byte {_dataOffsetBytes + offsetBytes}: {e.Message}", e);
        }
    }

    private void CheckRange(long offsetTokens, ReadOnlySpan<int> ids)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            if ((uint)ids[i] >= (uint)_firstIdOutOfRange)
            {
                throw new TokenFileException(Path, $"token {offsetTokens + i} has id {(uint)ids[i]}, but ids must be below {_firstIdOutOfRange} (the vocabulary size): the file belongs to another tokenizer or is not {Type.Name()}");
            }
        }
    }
}
