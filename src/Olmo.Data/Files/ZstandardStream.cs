using System.Runtime.InteropServices;

namespace Olmo.Data.Files;

/// <summary>
/// Decompresses a file of zstd frames one after the other, skippable ones included. Damage, a cut last frame, bytes after the last frame and a file
/// without any frame are errors (many readers take a cut stream for its end).
/// </summary>
internal sealed unsafe class ZstandardStream : ForwardStream
{
    private const int InputBytes = 1 << 17;

    private readonly Stream _source;
    private readonly string _path;
    private readonly ZstandardLibrary _library;
    private readonly byte[] _input = new byte[InputBytes];
    private nint _stream;
    private int _inputLength;
    private int _inputPosition;
    private bool _insideFrame = true;

    /// <param name="source">Closed with this stream.</param>
    /// <param name="path">What errors call it.</param>
    public ZstandardStream(Stream source, string path)
    {
        _source = source;
        _path = path;
        _library = ZstandardLibrary.Require(path);
        _stream = _library.CreateStream();
        if (_stream == 0)
        {
            throw new DataException($"{path}: the zstd library has no memory for a decoder");
        }
    }

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_stream == 0, this);
        if (buffer.IsEmpty)
        {
            return 0;
        }

        while (true)
        {
            if (_inputPosition == _inputLength)
            {
                _inputLength = _source.Read(_input);
                _inputPosition = 0;
                if (_inputLength == 0)
                {
                    // The decoder may still hold output; it is asked once more with no input.
                    int rest = Decompress(buffer);
                    if (rest == 0 && _insideFrame)
                    {
                        throw new DataException($"{_path}: the zstd data is cut: it ends inside a frame");
                    }

                    return rest;
                }
            }

            int written = Decompress(buffer);
            if (written > 0)
            {
                return written;
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_stream != 0)
        {
            _ = _library.FreeStream(_stream);
            _stream = 0;
        }

        if (disposing)
        {
            _source.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Decompress(Span<byte> buffer)
    {
        fixed (byte* output = buffer)
        fixed (byte* input = _input)
        {
            ZstandardLibrary.Buffer from = new() { Data = input, Size = (nuint)_inputLength, Position = (nuint)_inputPosition };
            ZstandardLibrary.Buffer to = new() { Data = output, Size = (nuint)buffer.Length };
            nuint result = _library.DecompressStream(_stream, &to, &from);
            if (_library.IsError(result) != 0)
            {
                throw new DataException($"{_path}: the zstd data is damaged: {Marshal.PtrToStringUTF8((nint)_library.ErrorName(result))}");
            }

            bool consumed = (int)from.Position != _inputPosition;
            _inputPosition = (int)from.Position;

            // 0: a frame is complete and flushed. A call that neither reads nor writes tells nothing about frames.
            if (consumed || to.Position > 0)
            {
                _insideFrame = result != 0;
            }

            return (int)to.Position;
        }
    }
}
