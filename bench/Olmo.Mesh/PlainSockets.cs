using System.Net;
using System.Net.Sockets;

namespace Olmo.Mesh;

/// <summary>The peer: two connected sockets and blocking copy loops, without frames, checksums, queues or heartbeats.</summary>
internal sealed class PlainSockets : IDisposable
{
    private readonly Socket _a;
    private readonly Socket _b;

    public PlainSockets(int bufferBytes)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _a = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _a.Connect(listener.LocalEndPoint!);
        _b = listener.Accept();
        foreach (Socket socket in new[] { _a, _b })
        {
            socket.NoDelay = true;
            if (bufferBytes > 0)
            {
                socket.SendBufferSize = bufferBytes;
                socket.ReceiveBufferSize = bufferBytes;
            }
        }
    }

    /// <summary>Moves so many payloads from one side to the other, or both ways at once.</summary>
    public void Move(byte[] payload, int messages, bool bothWays) => MeshSet.Parallel(bothWays ? 4 : 2, i =>
    {
        switch (i)
        {
            case 0: Send(_a, payload, messages); break;
            case 1: Receive(_b, payload.Length, messages); break;
            case 2: Send(_b, payload, messages); break;
            default: Receive(_a, payload.Length, messages); break;
        }
    });

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
    }

    private static void Send(Socket socket, byte[] payload, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            for (int sent = 0; sent < payload.Length;)
            {
                sent += socket.Send(payload.AsSpan(sent));
            }
        }
    }

    private static void Receive(Socket socket, int length, int messages)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        for (int i = 0; i < messages; i++)
        {
            for (int got = 0; got < length;)
            {
                int count = socket.Receive(buffer.AsSpan(got));
                if (count == 0)
                {
                    throw new IOException("the connection ended");
                }

                got += count;
            }
        }
    }
}
