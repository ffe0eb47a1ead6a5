namespace Olmo.Data.Documents;

/// <summary>Cuts a stream at LF; a CR before it and a byte order mark at the start are dropped. A line stays valid until the next one is read.</summary>
/// <param name="stream">What is read; stays the caller's.</param>
/// <param name="path">Its name, for errors.</param>
/// <param name="maximumLineBytes">A longer line is an error.</param>
public sealed class LineReader(Stream stream, string path, int maximumLineBytes)
{
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _ended;

    /// <summary>Number of the current line, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>The next line. False at the end; a last line without LF counts, an empty one behind the last LF does not.</summary>
    /// <exception cref="DocumentFormatException">The line is too long.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> line)
    {
        int scanned = _start;
        while (true)
        {
            int found = _buffer.AsSpan(scanned, _end - scanned).IndexOf((byte)'\n');
            if (found >= 0)
            {
                line = Take(scanned + found, scanned + found + 1);
                return true;
            }

            if (_ended)
            {
                bool any = _start < _end;
                line = any ? Take(_end, _end) : default;
                return any;
            }

            scanned = _end - _start;
            Fill();
        }
    }

    private ReadOnlyMemory<byte> Take(int lineEnd, int next)
    {
        Line++;
        int start = _start;
        if (Line == 1 && _buffer.AsSpan(start, lineEnd - start).StartsWith("\uFEFF"u8))
        {
            start += 3;
        }

        _start = next;
        bool carriageReturn = lineEnd > start && _buffer[lineEnd - 1] == (byte)'\r';
        return _buffer.AsMemory(start, lineEnd - start - (carriageReturn ? 1 : 0));
    }

    private void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= maximumLineBytes)
            {
                throw new DocumentFormatException(path, Line + 1, $"the line has more than {maximumLineBytes} bytes, the limit");
            }

            Array.Resize(ref _buffer, (int)Math.Min(2L * _buffer.Length, Array.MaxLength));
        }

        int read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _ended = read == 0;
        _end += read;
    }
}
