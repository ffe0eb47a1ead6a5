using System.IO.Compression;

namespace Olmo.Data.Files;

/// <summary>
/// Decompresses a file of gzip members one after the other. The class library's decoder takes a cut member for its end and drops whatever follows the last
/// member in silence; here both are errors: a member with known content is put behind the file, and what comes out must end with that content.
/// </summary>
internal sealed class GzipStream : ForwardStream
{
    private const int ChunkBytes = 1 << 17;

    private static readonly byte[] Mark = "olmo: the file was read to its end, nothing is missing"u8.ToArray();

    private readonly GZipStream _decoder;
    private readonly MarkedSource _source;
    private readonly string _path;
    private readonly byte[] _chunk = new byte[ChunkBytes];
    private int _start;
    private int _end;
    private bool _finished;

    /// <param name="source">Closed with this stream.</param>
    /// <param name="path">What errors call it.</param>
    public GzipStream(Stream source, string path)
    {
        _path = path;
        _source = new MarkedSource(source);
        _decoder = new GZipStream(_source, CompressionMode.Decompress);
    }

    public override int Read(Span<byte> buffer)
    {
        while (!_finished && _end - _start <= Mark.Length)
        {
            FillChunk();
        }

        // The last bytes are kept back: they may be the mark.
        int available = Math.Min(buffer.Length, _finished ? 0 : _end - _start - Mark.Length);
        _chunk.AsSpan(_start, available).CopyTo(buffer);
        _start += available;
        return available;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _decoder.Dispose();
        }

        base.Dispose(disposing);
    }

    private void FillChunk()
    {
        _chunk.AsSpan(_start, _end - _start).CopyTo(_chunk);
        _end -= _start;
        _start = 0;
        int read;
        try
        {
            read = _decoder.Read(_chunk.AsSpan(_end));
        }
        catch (InvalidDataException e)
        {
            throw new DataException($"{_path}: the gzip data is damaged or cut: {e.Message}", e);
        }

        _end += read;
        if (read == 0)
        {
            if (_source.IsEmpty || !_chunk.AsSpan(0, _end).SequenceEqual(Mark))
            {
                throw new DataException($"{_path}: the gzip data is cut, or other bytes follow it");
            }

            _finished = true;
        }
    }

    /// <summary>The file with the member that holds the mark behind it.</summary>
    private sealed class MarkedSource(Stream file) : ForwardStream
    {
        private readonly MemoryStream _member = CreateMember();
        private bool _fileEnded;

        /// <summary>The file had no bytes at all.</summary>
        public bool IsEmpty { get; private set; } = true;

        public override int Read(Span<byte> buffer)
        {
            if (!_fileEnded)
            {
                int read = file.Read(buffer);
                if (read > 0)
                {
                    IsEmpty = false;
                    return read;
                }

                _fileEnded = true;
            }

            return _member.Read(buffer);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                file.Dispose();
            }

            base.Dispose(disposing);
        }

        private static MemoryStream CreateMember()
        {
            MemoryStream bytes = new();
            using (GZipStream encoder = new(bytes, CompressionLevel.NoCompression, leaveOpen: true))
            {
                encoder.Write(Mark);
            }

            bytes.Position = 0;
            return bytes;
        }
    }
}
