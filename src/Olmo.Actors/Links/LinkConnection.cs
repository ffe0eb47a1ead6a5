using System.Net.Sockets;

namespace Olmo.Actors.Links;

/// <summary>
/// One authenticated connection: a thread that reads and a thread that writes, neither of the thread pool's, so that a process whose pool is busy still answers pings.
/// Pings and pongs are written before messages that wait.
/// </summary>
internal sealed class LinkConnection : IDisposable
{
    private readonly object _gate = new();
    private readonly Queue<byte[]> _urgent = new();
    private readonly Queue<byte[]> _waiting = new();
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly LinkSettings _settings;
    private readonly TimeProvider _time;
    private readonly Action<LinkConnection, LinkEnvelope> _received;
    private readonly Action<LinkConnection, string> _closed;
    private readonly Action<LinkConnection>? _heard;
    private long _waitingBytes;
    private long _askedAt;
    private bool _isClosed;

    public LinkConnection(
        Socket socket, NetworkStream stream, string peer, long incarnation, LinkSettings settings, TimeProvider time, Action<LinkConnection, LinkEnvelope> received,
        Action<LinkConnection, string> closed, Action<LinkConnection>? heard = null)
    {
        _socket = socket;
        _stream = stream;
        Peer = peer;
        Incarnation = incarnation;
        _settings = settings;
        _time = time;
        _received = received;
        _closed = closed;
        _heard = heard;
    }

    /// <summary>Name of the other side.</summary>
    public string Peer { get; }

    /// <summary>Number of the process of the endpoint.</summary>
    public long Incarnation { get; }

    /// <summary>Whether the hub has called the peer silent.</summary>
    public volatile bool IsSilent;

    /// <summary>How long a ping has had no answer: a late ping of this side is no silence of the other.</summary>
    public TimeSpan Unanswered => Interlocked.Read(ref _askedAt) is var asked && asked == 0 ? TimeSpan.Zero : _time.GetElapsedTime(asked);

    public void Start()
    {
        new Thread(Read) { IsBackground = true, Name = $"link-read-{Peer}" }.Start();
        new Thread(Write) { IsBackground = true, Name = $"link-write-{Peer}" }.Start();
    }

    /// <summary>Queues a message.</summary>
    /// <returns>False if too much waits already or the connection is closed.</returns>
    public bool Send(LinkEnvelope envelope)
    {
        byte[] frame = LinkFrame.Encode(LinkFrameKind.Envelope, envelope.ToBytes());
        lock (_gate)
        {
            if (_isClosed || _waitingBytes + frame.Length > _settings.MaxQueuedBytes)
            {
                return false;
            }

            _waitingBytes += frame.Length;
            _waiting.Enqueue(frame);
            Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Asks for a sign of life; at most one ping waits.</summary>
    public void Ping()
    {
        Interlocked.CompareExchange(ref _askedAt, _time.GetTimestamp(), 0);
        SendUrgent(LinkFrameKind.Ping);
    }

    /// <summary>Closes once; the first reason is kept.</summary>
    public void Close(string reason)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            Monitor.PulseAll(_gate);
        }

        _stream.Dispose();
        _socket.Dispose();
        _closed(this, reason);
    }

    /// <inheritdoc />
    public void Dispose() => Close("this side closed");

    private void SendUrgent(LinkFrameKind kind)
    {
        lock (_gate)
        {
            if (!_isClosed && _urgent.Count < 2)
            {
                _urgent.Enqueue(LinkFrame.Encode(kind, []));
                Monitor.Pulse(_gate);
            }
        }
    }

    private void Read()
    {
        try
        {
            while (true)
            {
                (LinkFrameKind kind, byte[] payload) = LinkFrame.Read(_stream, _settings.MaxFrameBytes);
                Interlocked.Exchange(ref _askedAt, 0);
                if (IsSilent)
                {
                    _heard?.Invoke(this);
                }

                switch (kind)
                {
                    case LinkFrameKind.Ping:
                        SendUrgent(LinkFrameKind.Pong);
                        break;
                    case LinkFrameKind.Pong:
                        break;
                    case LinkFrameKind.Envelope:
                        _received(this, LinkEnvelope.FromBytes(payload));
                        break;
                    default:
                        throw new LinkException($"a frame of kind {(byte)kind} on a link that stands");
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            Close(e is EndOfStreamException ? "the peer closed" : e.Message);
        }
        catch (LinkException e)
        {
            Close(e.Message);
        }
    }

    private void Write()
    {
        try
        {
            while (Next() is { } frame)
            {
                _stream.Write(frame);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            Close(e.Message);
        }
    }

    private byte[]? Next()
    {
        lock (_gate)
        {
            while (!_isClosed)
            {
                if (_urgent.TryDequeue(out byte[]? urgent))
                {
                    return urgent;
                }

                if (_waiting.TryDequeue(out byte[]? frame))
                {
                    _waitingBytes -= frame.Length;
                    return frame;
                }

                Monitor.Wait(_gate);
            }

            return null;
        }
    }
}
