namespace Olmo.Actors.Collectives;

/// <summary>An ordered, reliable stream of bytes to one peer and back: a socket, or memory in tests. One thread writes at a time, one thread reads.</summary>
public interface IMeshLink : IDisposable
{
    /// <summary>Writes both parts, waiting as long as the peer takes nothing.</summary>
    /// <exception cref="IOException">The link is closed, here or by the peer.</exception>
    void Write(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload);

    /// <summary>Writes a few bytes if that needs no waiting; a failure is not reported.</summary>
    void TryWrite(ReadOnlySpan<byte> bytes);

    /// <summary>Waits for bytes.</summary>
    /// <returns>Bytes read; 0 where the peer closed.</returns>
    /// <exception cref="IOException">The link is closed here, or was reset by the peer.</exception>
    int Read(Span<byte> destination);

    /// <summary>Closes both directions from any thread; releases a thread that writes or reads. May be called again.</summary>
    void Close();
}
