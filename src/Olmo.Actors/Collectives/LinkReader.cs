namespace Olmo.Actors.Collectives;

/// <summary>Reads exact lengths from a link: small parts from a buffer that one call fills, large parts straight into place.</summary>
internal sealed class LinkReader(IMeshLink link, PeerConnection connection)
{
    private const int BufferBytes = 64 << 10;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private int _at;
    private int _end;

    /// <returns>False where the peer closed before the first byte.</returns>
    /// <exception cref="IOException">The link ended inside the part, or is broken.</exception>
    public bool TryRead(Span<byte> destination)
    {
        for (int done = 0; done < destination.Length;)
        {
            if (_at == _end && destination.Length - done >= BufferBytes)
            {
                int direct = link.Read(destination[done..]);
                if (direct == 0)
                {
                    throw new EndOfStreamException($"the connection ended {destination.Length - done} bytes before the end of a message");
                }

                connection.Heard();
                done += direct;
                continue;
            }

            if (_at == _end)
            {
                _at = 0;
                _end = 0;
                _end = link.Read(_buffer);
                if (_end == 0)
                {
                    return done == 0 ? false : throw new EndOfStreamException($"the connection ended {destination.Length - done} bytes before the end of a message");
                }

                connection.Heard();
            }

            int take = Math.Min(_end - _at, destination.Length - done);
            _buffer.AsSpan(_at, take).CopyTo(destination[done..]);
            _at += take;
            done += take;
        }

        return true;
    }

    /// <summary>As <see cref="TryRead"/>, where an end of the stream is always an error.</summary>
    public void Read(Span<byte> destination)
    {
        if (!TryRead(destination))
        {
            throw new EndOfStreamException("the connection ended inside a message");
        }
    }
}
