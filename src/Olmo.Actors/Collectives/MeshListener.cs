using System.Net;
using System.Net.Sockets;

namespace Olmo.Actors.Collectives;

/// <summary>
/// The port on which a process takes the data connections of all its generations. A connection that is not authenticated costs one small thread and 88 bytes, for at
/// most the handshake timeout, and at most <see cref="PendingLimit"/> of them exist: beyond that the oldest that has said nothing makes room, else the oldest that
/// waits for a generation that this process has not heard of (its dialer tries again), else the new one is refused.
/// </summary>
public sealed class MeshListener : IDisposable
{
    /// <summary>Most connections that are not authenticated.</summary>
    public const int PendingLimit = 32;

    private const int Backlog = 512;
    private const int HandshakeStackBytes = 256 << 10;

    private readonly object _gate = new(); // Monitor: handshakes wait on it for their generation
    private readonly Socket _socket;
    private readonly TimeSpan _handshakeTimeout;
    private readonly TimeProvider _time;
    private readonly List<Pending> _pending = [];
    private readonly Thread _thread;
    private Admission? _admission;
    private long _newest = long.MinValue;
    private bool _isDisposed;

    private MeshListener(Socket socket, TimeSpan handshakeTimeout, TimeProvider time)
    {
        _socket = socket;
        _handshakeTimeout = handshakeTimeout;
        _time = time;
        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
        _thread = new Thread(AcceptLoop) { IsBackground = true, Name = $"mesh listener {EndPoint.Port}" };
    }

    /// <summary>Raised for each refused connection, on its thread: reason, and where it came from.</summary>
    public event Action<RefusalReason, EndPoint?>? Refused;

    /// <summary>Address and port that are listened on.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Connections that are not authenticated at this moment.</summary>
    public int PendingCount
    {
        get
        {
            lock (_gate)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>Starts to listen.</summary>
    /// <param name="endPoint">Loopback and port 0 for one machine.</param>
    /// <param name="sockets">Makes the socket.</param>
    /// <param name="timeouts">The handshake timeout counts.</param>
    /// <param name="time">Clock and timers.</param>
    public static MeshListener Start(IPEndPoint endPoint, ISocketFactory sockets, MeshTimeouts timeouts, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(sockets);
        ArgumentNullException.ThrowIfNull(timeouts);
        ArgumentNullException.ThrowIfNull(time);
        Socket socket = sockets.Create(endPoint.AddressFamily);
        try
        {
            socket.Bind(endPoint);
            socket.Listen(Backlog);
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }

        MeshListener listener = new(socket, timeouts.Handshake, time);
        listener._thread.Start();
        return listener;
    }

    /// <summary>Stops listening and ends all connections that are not authenticated. Meshes that are open go on.</summary>
    public void Dispose()
    {
        Admission? admission;
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            admission = _admission;
            foreach (Pending pending in _pending)
            {
                pending.Close();
            }

            Monitor.PulseAll(_gate);
        }

        _socket.Dispose();
        admission?.Dispose();
        _thread.Join();
    }

    /// <summary>Takes connections of a generation from now on; connections of older ones are refused.</summary>
    /// <exception cref="ArgumentException">The generation is not above the newest so far.</exception>
    internal Admission Expect(MeshIdentity identity, int size)
    {
        Admission admission = new(this, identity, size);
        Admission? replaced;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (identity.Generation <= _newest)
            {
                throw new ArgumentException($"generation {identity.Generation} was asked for after generation {_newest}", nameof(identity));
            }

            _newest = identity.Generation;
            replaced = _admission;
            _admission = admission;
            Monitor.PulseAll(_gate);
        }

        replaced?.Dispose();
        return admission;
    }

    internal void Forget(Admission admission)
    {
        lock (_gate)
        {
            if (_admission == admission)
            {
                _admission = null;
            }
        }
    }

    private void AcceptLoop()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = _socket.Accept();
            }
            catch (SocketException) when (!Volatile.Read(ref _isDisposed))
            {
                continue; // that one connection broke before it was taken
            }
            catch (SocketException)
            {
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            Admit(socket);
        }
    }

    private void Admit(Socket socket)
    {
        Pending pending = new(socket);
        lock (_gate)
        {
            if (_isDisposed)
            {
                socket.Dispose();
                return;
            }

            if (_pending.Count >= PendingLimit)
            {
                int leaving = _pending.FindIndex(p => p.Stage == Stage.Silent);
                leaving = leaving < 0 ? _pending.FindIndex(p => p.Stage == Stage.Early) : leaving;
                if (leaving < 0)
                {
                    pending.Refusal = RefusalReason.Busy;
                }
                else
                {
                    _pending[leaving].Close();
                    _pending.RemoveAt(leaving);
                    Monitor.PulseAll(_gate);
                }
            }

            if (pending.Refusal is null)
            {
                _pending.Add(pending);
            }
        }

        if (pending.Refusal is not null)
        {
            Refuse(pending, RefusalReason.Busy, PendingLimit);
            socket.Dispose();
            return;
        }

        pending.Timer = _time.CreateTimer(_ => Expire(pending), null, _handshakeTimeout, Timeout.InfiniteTimeSpan);
        new Thread(() => Serve(pending), HandshakeStackBytes) { IsBackground = true, Name = $"mesh handshake {EndPoint.Port}" }.Start();
    }

    private void Expire(Pending pending)
    {
        lock (_gate)
        {
            pending.Close();
            Monitor.PulseAll(_gate);
        }
    }

    private void Serve(Pending pending)
    {
        bool isOpen = false;
        try
        {
            isOpen = Authenticate(pending);
        }
        catch (IOException)
        {
            Raise(pending, RefusalReason.Unfinished);
        }
        catch (ObjectDisposedException)
        {
            Raise(pending, RefusalReason.Unfinished);
        }
        finally
        {
            pending.Timer?.Dispose();
            lock (_gate)
            {
                _pending.Remove(pending);
            }

            if (!isOpen)
            {
                pending.Socket.Dispose();
            }
        }
    }

    /// <returns>True where the connection now belongs to an admission.</returns>
    private bool Authenticate(Pending pending)
    {
        pending.From = pending.Socket.RemoteEndPoint;
        Span<byte> hello = stackalloc byte[Handshake.HelloBytes];
        Handshake.Receive(pending.Socket, hello);
        if (Handshake.CheckPrefix(hello, Handshake.Kind.Hello) is { } wrong)
        {
            return Refuse(pending, wrong, Handshake.Version);
        }

        if (WaitForGeneration(pending, Handshake.GenerationOf(hello)) is not { } admission)
        {
            return pending.Refusal is { } refusal && Refuse(pending, refusal, Volatile.Read(ref _newest));
        }

        int from = Handshake.FromOf(hello);
        if (!Handshake.IsForRun(hello, admission.Identity.Run))
        {
            return Refuse(pending, RefusalReason.Run, 0);
        }

        if (Handshake.ToOf(hello) != admission.Identity.Self || !admission.IsAwaited(from))
        {
            return Refuse(pending, RefusalReason.Position, admission.Identity.Self);
        }

        if (!Handshake.Challenge(pending.Socket, admission.Identity, hello))
        {
            return Refuse(pending, RefusalReason.Secret, 0);
        }

        if (!admission.TryClaim(from))
        {
            return Refuse(pending, RefusalReason.Position, from);
        }

        return Open(pending, admission, from);
    }

    private bool Open(Pending pending, Admission admission, int from)
    {
        Socket? socket = null;
        try
        {
            Handshake.Accept(pending.Socket);
            lock (_gate)
            {
                // From here on the deadline no longer closes it.
                socket = pending.TryRelease() ? pending.Socket : null;
            }
        }
        finally
        {
            admission.Complete(from, socket);
        }

        return socket is not null;
    }

    private Admission? WaitForGeneration(Pending pending, long generation)
    {
        lock (_gate)
        {
            pending.Stage = Stage.Early;
            while (!pending.IsClosed && !_isDisposed && generation > _newest)
            {
                Monitor.Wait(_gate);
            }

            if (pending.IsClosed || _isDisposed)
            {
                throw new IOException("the handshake took too long");
            }

            if (_admission is { } admission && admission.Identity.Generation == generation)
            {
                pending.Stage = Stage.Proving;
                return admission;
            }

            pending.Refusal = RefusalReason.Generation;
            return null;
        }
    }

    private bool Refuse(Pending pending, RefusalReason reason, long detail)
    {
        Handshake.Refuse(pending.Socket, reason, detail);
        Raise(pending, reason);
        return false;
    }

    private void Raise(Pending pending, RefusalReason reason) => Refused?.Invoke(reason, pending.From);

    /// <summary>How far a handshake came.</summary>
    private enum Stage
    {
        /// <summary>Its hello is not complete.</summary>
        Silent,

        /// <summary>It waits for a generation that this process does not know yet.</summary>
        Early,

        /// <summary>It is being asked for the proof.</summary>
        Proving,
    }

    /// <summary>A connection that is not authenticated. Its members, but for the socket, are used under the listener's gate.</summary>
    private sealed class Pending(Socket socket)
    {
        private bool _isReleased;

        public Socket Socket { get; } = socket;

        public EndPoint? From { get; set; }

        public ITimer? Timer { get; set; }

        public Stage Stage { get; set; }

        public bool IsClosed { get; private set; }

        public RefusalReason? Refusal { get; set; }

        public void Close()
        {
            if (!_isReleased)
            {
                IsClosed = true;
                Socket.Dispose();
            }
        }

        public bool TryRelease() => _isReleased = !IsClosed;
    }
}
