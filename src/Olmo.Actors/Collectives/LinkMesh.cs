namespace Olmo.Actors.Collectives;

/// <summary>A mesh over links that are already connected and authenticated. It owns them from <see cref="Start"/> on.</summary>
public sealed class LinkMesh : IMesh
{
    // What a failing mesh waits, over all peers together, for short writes that are under way, so that a goodbye can follow them.
    private static readonly TimeSpan GoodbyeGrace = TimeSpan.FromMilliseconds(2);

    private readonly IMeshHandler _handler;
    private readonly PeerConnection?[] _peers;
    private readonly Lock _groupsGate = new();
    private readonly Lock _failedGate = new();
    private MeshGroup[] _groups = [];
    private ITimer? _timer;
    private MeshError? _error;
    private Action<MeshError>? _failed;
    private bool _isReported;
    private int _isTicking;
    private int _isDisposed;
    private long _lastTick;
    private long _silentFrom;

    private LinkMesh(long generation, int self, IReadOnlyList<IMeshLink?> links, IMeshHandler handler, MeshSettings settings, TimeProvider time)
    {
        Generation = generation;
        Self = self;
        Settings = settings;
        _handler = handler;
        Clock = new MeshClock(time);
        Inbox = new GroupInbox(this, links.Count, settings.MaxBufferedBytes);
        _peers = [.. links.Select((link, peer) => link is null ? null : new PeerConnection(this, peer, link, settings, Clock))];
        _lastTick = Clock.Now;
    }

    /// <inheritdoc />
    public event Action<MeshError>? Failed
    {
        add
        {
            lock (_failedGate)
            {
                if (!_isReported)
                {
                    _failed += value;
                    return;
                }
            }

            value?.Invoke(_error!);
        }

        remove
        {
            lock (_failedGate)
            {
                _failed -= value;
            }
        }
    }

    /// <inheritdoc />
    public long Generation { get; }

    /// <inheritdoc />
    public int Size => _peers.Length;

    /// <inheritdoc />
    public int Self { get; }

    /// <inheritdoc />
    public MeshError? Error => Volatile.Read(ref _error);

    internal MeshSettings Settings { get; }

    internal MeshClock Clock { get; }

    internal GroupInbox Inbox { get; }

    /// <summary>Starts a mesh: a sender and a receive thread per peer. The handler may be called before this returns.</summary>
    /// <param name="generation">World.</param>
    /// <param name="self">Own position.</param>
    /// <param name="links">By position; null at <paramref name="self"/> only.</param>
    /// <param name="handler">Takes the messages.</param>
    /// <param name="settings">Limits and timeouts.</param>
    /// <param name="time">Clock and timers.</param>
    public static LinkMesh Start(long generation, int self, IReadOnlyList<IMeshLink?> links, IMeshHandler handler, MeshSettings settings, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(links);
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(time);
        settings.Validate();
        ArgumentOutOfRangeException.ThrowIfNegative(self);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(self, links.Count);
        for (int i = 0; i < links.Count; i++)
        {
            if ((links[i] is null) != (i == self))
            {
                throw new ArgumentException($"position {i} of {links.Count} {(links[i] is null ? "has no link" : "is the own position and has a link")}", nameof(links));
            }
        }

        LinkMesh mesh = new(generation, self, links, handler, settings, time);
        mesh._timer = time.CreateTimer(static state => ((LinkMesh)state!).Tick(), mesh, settings.Timeouts.Heartbeat, settings.Timeouts.Heartbeat);
        foreach (PeerConnection? peer in mesh._peers)
        {
            peer?.Start();
        }

        return mesh;
    }

    /// <inheritdoc />
    public void Send(int peer, ushort kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, PayloadCheck check = PayloadCheck.Crc)
    {
        CheckMessage(kind, header.Length, payload.Length);
        if (ReceivingThread.IsCurrent)
        {
            throw new InvalidOperationException("Send was called inside a message handler, where waiting keeps the peer's messages from being read; Post does not wait");
        }

        Peer(peer).Send(kind, header, payload, check);
    }

    /// <inheritdoc />
    public long Post(int peer, ushort kind, ReadOnlySpan<byte> header, ReadOnlyMemory<byte> payload, PayloadCheck check = PayloadCheck.Crc)
    {
        CheckMessage(kind, header.Length, payload.Length);
        return Peer(peer).Post(kind, header, payload, check, mayWait: !ReceivingThread.IsCurrent);
    }

    /// <inheritdoc />
    public bool IsSent(int peer, long number) => Peer(peer).IsSent(number);

    /// <inheritdoc />
    public void WaitSent(int peer, long number) => Peer(peer).WaitSent(number);

    /// <inheritdoc />
    public MeshGroup Group(int id, ReadOnlySpan<int> members)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(id, MeshGroup.MaxId);
        HashSet<int> seen = [];
        foreach (int member in members)
        {
            if (member < 0 || member >= Size || !seen.Add(member))
            {
                throw new ArgumentException($"member {member} of group {id} is not a position of 0 to {Size - 1}, or is named twice", nameof(members));
            }
        }

        if (!seen.Contains(Self))
        {
            throw new ArgumentException($"the own position {Self} is not in group {id}", nameof(members));
        }

        lock (_groupsGate)
        {
            if (_groups.Any(g => g.Id == id))
            {
                throw new ArgumentException($"group {id} exists already", nameof(id));
            }

            MeshGroup group = new(this, id, members);
            _groups = [.. _groups, group];
            return group;
        }
    }

    /// <inheritdoc />
    public void Abort(MeshError cause)
    {
        ArgumentNullException.ThrowIfNull(cause);
        Fail(cause);
    }

    /// <inheritdoc />
    public MeshOperations Operations() => new(
        Generation,
        Self,
        Clock.At(Clock.Now),
        Error,
        [.. _peers.OfType<PeerConnection>().Select(p => new PeerOperations(p.Peer, p.Messages.Read(), p.Collectives.Read()))]);

    /// <summary>Closes the mesh and waits until its threads have ended; a running handler call is waited for, unless this is called in it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        Fail(new MeshError(MeshErrorKind.Closed, -1, -1, "the mesh was closed"));
        _timer?.Dispose();
        foreach (PeerConnection? peer in _peers)
        {
            peer?.Dispose();
        }
    }

    internal PeerConnection Peer(int peer) =>
        peer >= 0 && peer < _peers.Length && _peers[peer] is { } connection
            ? connection
            : throw new ArgumentOutOfRangeException(nameof(peer), peer, $"positions are 0 to {Size - 1} without the own, {Self}");

    internal void ThrowIfFailed()
    {
        if (Error is { } error)
        {
            throw new MeshException(error);
        }
    }

    /// <summary>The first error wins; waiters are released before anything is told to anybody.</summary>
    internal void Fail(MeshError error)
    {
        if (Interlocked.CompareExchange(ref _error, error, null) is not null)
        {
            return;
        }

        Inbox.Release();
        foreach (PeerConnection? peer in _peers)
        {
            peer?.Release();
        }

        long until = Clock.Now + GoodbyeGrace.Ticks;
        foreach (PeerConnection? peer in _peers)
        {
            peer?.Close(error, until);
        }

        Action<MeshError>? failed;
        lock (_failedGate)
        {
            _isReported = true;
            failed = _failed;
        }

        failed?.Invoke(error);
    }

    internal void LinkFailed(int peer, Exception? cause) => Fail(MeshError.At(
        MeshErrorKind.PeerLost, peer, $"the connection to position {peer} ended{(cause is null ? "" : $": {cause.Message}")}"));

    internal void Handle(int peer, ushort kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        try
        {
            _handler.OnMessage(peer, kind, header, payload);
        }
        catch (Exception e) when (e is not MeshException) // the boundary of the mesh: whatever happened becomes its typed error
        {
            Fail(MeshError.At(MeshErrorKind.Handler, peer, $"the handler of a message of kind {kind} from position {peer} threw {e.GetType().Name}: {e.Message}"));
        }
    }

    private void CheckMessage(ushort kind, int headerBytes, int payloadBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(kind, MessageFrame.ReservedKinds);
        if (headerBytes > Settings.MaxHeaderBytes || payloadBytes > Settings.MaxPayloadBytes)
        {
            throw new ArgumentException(
                $"a message of {headerBytes} header and {payloadBytes} payload bytes is above the limits of {Settings.MaxHeaderBytes} and {Settings.MaxPayloadBytes}");
        }
    }

    private void Tick()
    {
        if (Error is not null || Interlocked.Exchange(ref _isTicking, 1) != 0)
        {
            return;
        }

        long now = Clock.Now;
        if (now - _lastTick > Settings.Timeouts.Silence.Ticks / 2)
        {
            _silentFrom = now; // this process was stopped itself: what the peers sent meanwhile has not been read yet
        }

        _lastTick = now;
        MeshError? error = null;
        foreach (PeerConnection? peer in _peers)
        {
            error ??= peer?.Tick(now, _silentFrom);
        }

        foreach (MeshGroup group in Volatile.Read(ref _groups))
        {
            error ??= group.Tick(now);
        }

        Volatile.Write(ref _isTicking, 0);
        if (error is not null)
        {
            Fail(error);
        }
    }
}
