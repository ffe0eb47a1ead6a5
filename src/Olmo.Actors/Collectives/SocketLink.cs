using System.Net.Sockets;

namespace Olmo.Actors.Collectives;

/// <summary>
/// A connected TCP socket in blocking mode. Header and the payload's start go out in one call from a small buffer, so that no packet holds a header alone; the rest
/// of the payload is sent from where it lies.
/// </summary>
internal sealed class SocketLink : IMeshLink
{
    private const int StagingBytes = 32 << 10;

    private readonly Socket _socket;
    private readonly byte[] _staging = GC.AllocateUninitializedArray<byte>(StagingBytes, pinned: true);

    /// <param name="socket">Connected; owned from now on.</param>
    /// <param name="bufferBytes">Asked of the operating system in each direction; 0 leaves the size to it.</param>
    public SocketLink(Socket socket, int bufferBytes)
    {
        _socket = socket;
        socket.NoDelay = true;
        if (bufferBytes > 0)
        {
            socket.SendBufferSize = bufferBytes;
            socket.ReceiveBufferSize = bufferBytes;
        }
    }

    public void Write(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        if (head.Length > 0)
        {
            int together = Math.Max(0, Math.Min(payload.Length, StagingBytes - head.Length));
            if (head.Length > StagingBytes)
            {
                SendAll(head);
            }
            else
            {
                head.CopyTo(_staging);
                payload[..together].CopyTo(_staging.AsSpan(head.Length));
                SendAll(_staging.AsSpan(0, head.Length + together));
            }

            payload = payload[together..];
        }

        SendAll(payload);
    }

    public void TryWrite(ReadOnlySpan<byte> bytes)
    {
        try
        {
            // Writable means far more room than a few hundred bytes.
            if (_socket.Poll(0, SelectMode.SelectWrite))
            {
                _socket.Send(bytes, SocketFlags.None, out _);
            }
        }
        catch (SocketException)
        {
            // the link is gone already, which is what the peer will see
        }
        catch (ObjectDisposedException)
        {
            // as above
        }
    }

    public int Read(Span<byte> destination)
    {
        try
        {
            int count = _socket.Receive(destination, SocketFlags.None, out SocketError error);
            return error == SocketError.Success ? count : throw Failure(error);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("the socket was closed here", e);
        }
    }

    public void Close()
    {
        try
        {
            // Wakes a thread that reads or writes; the handle itself lives until both threads have ended.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // not connected any more
        }
        catch (ObjectDisposedException)
        {
            // closed before
        }
    }

    public void Dispose() => _socket.Dispose();

    private static IOException Failure(SocketError error) => new(new SocketException((int)error).Message);

    private void SendAll(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
            {
                int sent = _socket.Send(bytes, SocketFlags.None, out SocketError error);
                if (error != SocketError.Success)
                {
                    throw Failure(error);
                }

                bytes = bytes[sent..];
            }
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("the socket was closed here", e);
        }
    }
}
