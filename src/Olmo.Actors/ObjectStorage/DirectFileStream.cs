using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Olmo.Actors.ObjectStorage;

/// <summary>
/// A new file that is written front to back past the page cache, where the file system lets it: what a checkpoint writes is not read again soon, and copying it to fresh pages costs the
/// processor more than everything else about it. Whole blocks go from an aligned buffer to the device; the rest of the file goes through the cache.
/// </summary>
internal sealed class DirectFileStream : Stream
{
    /// <summary>Bytes of a buffer: 1 MiB that can be aligned.</summary>
    public const int BufferBytes = BlockBytes + Alignment;

    private const int BlockBytes = 1 << 20;
    private const int Alignment = 4096; // at least the device's sector and the memory's page
    private readonly SafeFileHandle _file;
    private readonly Memory<byte> _block;
    private bool _isDirect;
    private long _written;
    private int _filled;

    /// <summary>Makes the file, or empties it.</summary>
    /// <param name="path">Where.</param>
    /// <param name="buffer">Pinned, of <see cref="BufferBytes"/>; nobody else's until this stream is disposed.</param>
    public DirectFileStream(string path, byte[] buffer)
    {
        int from = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(buffer, 0) & (Alignment - 1));
        _block = buffer.AsMemory(from, BlockBytes);
        _file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None);
        _isDirect = Posix.TrySetDirect(_file, true);
    }

    /// <inheritdoc />
    public override bool CanRead => false;

    /// <inheritdoc />
    public override bool CanSeek => false;

    /// <inheritdoc />
    public override bool CanWrite => true;

    /// <inheritdoc />
    public override long Length => _written + _filled;

    /// <inheritdoc />
    public override long Position
    {
        get => Length;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc />
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc />
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int take = Math.Min(buffer.Length, BlockBytes - _filled);
            buffer[..take].CopyTo(_block.Span[_filled..]);
            buffer = buffer[take..];
            _filled += take;
            if (_filled == BlockBytes)
            {
                WriteThrough(BlockBytes);
            }
        }
    }

    /// <inheritdoc />
    /// <remarks>What is less than a page stays in the buffer until <see cref="Complete"/>.</remarks>
    public override void Flush() => WriteThrough(_filled & -Alignment);

    /// <summary>Writes what is left and makes the file durable.</summary>
    public void Complete()
    {
        Flush();
        if (_filled > 0)
        {
            GoThroughCache();
            WriteThrough(_filled);
        }

        RandomAccess.FlushToDisk(_file);
    }

    /// <inheritdoc />
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc />
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
        }

        base.Dispose(disposing);
    }

    private void WriteThrough(int count)
    {
        if (count == 0)
        {
            return;
        }

        try
        {
            RandomAccess.Write(_file, _block.Span[..count], _written);
        }
        catch (Exception e) when (_isDirect && e is IOException or ArgumentException)
        {
            // Some file systems take the flag and refuse the write. Whatever else it was comes again.
            GoThroughCache();
            RandomAccess.Write(_file, _block.Span[..count], _written);
        }

        _written += count;
        _block.Span[count.._filled].CopyTo(_block.Span);
        _filled -= count;
    }

    private void GoThroughCache()
    {
        Posix.TrySetDirect(_file, false);
        _isDirect = false;
    }
}
