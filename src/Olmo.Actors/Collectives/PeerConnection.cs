namespace Olmo.Actors.Collectives;

/// <summary>
/// One peer of a mesh: its link, the queue and the thread that send to it, the thread that receives from it. Messages are numbered under the gate; the one whose number
/// follows the last written has the turn. The gate is never held while bytes move.
/// </summary>
internal sealed partial class PeerConnection : IDisposable
{
    // A stuck link is seen by a write that makes no progress, not by one that is long.
    private const int WriteChunkBytes = 1 << 20;

    // A write of so many payload bytes usually fits into the operating system's buffer.
    private const int SoonBytes = 32 << 10;

    private const int SmallestHeader = 256;

    private readonly object _gate = new(); // Monitor: threads wait on it
    private readonly LinkMesh _mesh;
    private readonly IMeshLink _link;
    private readonly MeshSettings _settings;
    private readonly MeshClock _clock;
    private readonly Posted[] _queue;
    private readonly byte[][] _headers; // buffers of headers that are not in the queue
    private readonly byte[] _head;
    private readonly Thread _sender;
    private readonly Thread _receiver;
    private int _first;
    private int _count;
    private int _headerCount;
    private int _waiters;
    private long _issued;
    private long _sentThrough;
    private bool _writing;
    private bool _endsSoon; // the write under way is short
    private bool _isClosed;
    private long _writingSince; // clock of the last progress of the write under way; 0 for none
    private long _lastWrite;

    public PeerConnection(LinkMesh mesh, int peer, IMeshLink link, MeshSettings settings, MeshClock clock)
    {
        _mesh = mesh;
        Peer = peer;
        _link = link;
        _settings = settings;
        _clock = clock;
        _queue = new Posted[settings.QueueLength];
        _headers = new byte[settings.QueueLength][];
        _head = GC.AllocateUninitializedArray<byte>(MessageFrame.FixedBytes + settings.MaxHeaderBytes, pinned: true);
        _received = GC.AllocateUninitializedArray<byte>(settings.MaxHeaderBytes, pinned: true);
        _reader = new LinkReader(link, this);
        Messages = new OperationRing(clock);
        Collectives = new OperationRing(clock);
        _lastWrite = clock.Now;
        _lastHeard = clock.Now;
        string name = $"mesh {mesh.Generation} {mesh.Self}";
        _sender = new Thread(SendLoop) { IsBackground = true, Name = $"{name}>{peer}" };
        _receiver = new Thread(ReceiveLoop) { IsBackground = true, Name = $"{name}<{peer}" };
    }

    public int Peer { get; }

    public OperationRing Messages { get; }

    public OperationRing Collectives { get; }

    public void Start()
    {
        _receiver.Start();
        _sender.Start();
    }

    /// <summary>Writes a message on the calling thread, in its turn.</summary>
    public void Send(ushort kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, PayloadCheck check)
    {
        long number;
        lock (_gate)
        {
            _mesh.ThrowIfFailed();
            number = ++_issued;
            while (_writing || _sentThrough != number - 1)
            {
                WaitForTurn();
                _mesh.ThrowIfFailed();
            }

            BeginWrite(payload.Length);
        }

        // Group messages have records of their own.
        long ticket = kind == MessageFrame.GroupKind
            ? -1
            : Messages.Begin(number, OperationKind.Message, OperationDirection.Out, -1, kind, payload.Length, OperationState.Active);
        Write(number, kind, header, payload, check);
        if (ticket >= 0)
        {
            Messages.Update(ticket, OperationState.Done);
        }

        EndWrite(number);
    }

    /// <summary>Queues a message for the sender thread; waits while the queue is full.</summary>
    public long Post(ushort kind, ReadOnlySpan<byte> header, ReadOnlyMemory<byte> payload, PayloadCheck check, bool mayWait)
    {
        lock (_gate)
        {
            _mesh.ThrowIfFailed();
            while (_count == _queue.Length)
            {
                if (!mayWait)
                {
                    break;
                }

                WaitForTurn();
                _mesh.ThrowIfFailed();
            }

            if (_count < _queue.Length)
            {
                ref Posted slot = ref _queue[(_first + _count) % _queue.Length];
                slot.Header = RentHeader(header.Length);
                header.CopyTo(slot.Header);
                slot.Number = ++_issued;
                slot.Kind = kind;
                slot.HeaderBytes = header.Length;
                slot.Payload = payload;
                slot.Check = check;
                slot.Ticket = Messages.Begin(slot.Number, OperationKind.Message, OperationDirection.Out, -1, kind, payload.Length, OperationState.Queued);
                _count++;
                Monitor.PulseAll(_gate);
                return slot.Number;
            }
        }

        _mesh.Fail(MeshError.At(MeshErrorKind.QueueFull, Peer, $"a handler posted to position {Peer}, whose queue of {_queue.Length} messages is full"));
        _mesh.ThrowIfFailed();
        return 0;
    }

    public bool IsSent(long number)
    {
        lock (_gate)
        {
            return _sentThrough >= number;
        }
    }

    public void WaitSent(long number)
    {
        lock (_gate)
        {
            if (number > _issued)
            {
                throw new ArgumentOutOfRangeException(nameof(number), number, $"{_issued} messages were given to position {Peer}");
            }

            while (_sentThrough < number)
            {
                _mesh.ThrowIfFailed();
                WaitForTurn();
            }
        }
    }

    /// <summary>Looks at the clock: a heartbeat where nothing was sent, an error where nothing was heard or a write makes no progress.</summary>
    /// <param name="now">Clock.</param>
    /// <param name="silentFrom">Silence before this does not count: this process itself was not running.</param>
    public MeshError? Tick(long now, long silentFrom)
    {
        Beat(now);
        long since = Volatile.Read(ref _writingSince);
        if (since != 0 && now - Math.Max(since, silentFrom) > _settings.Timeouts.Operation.Ticks)
        {
            return MeshError.At(
                MeshErrorKind.OperationTimeout, Peer,
                $"position {Peer} has taken no bytes for {Seconds(now - since)} s; the operation timeout is {_settings.Timeouts.Operation.TotalSeconds} s");
        }

        long reading = Volatile.Read(ref _readingSince);
        long silent = now - Math.Max(Math.Max(reading, Volatile.Read(ref _lastHeard)), silentFrom);
        return reading != 0 && silent > _settings.Timeouts.Silence.Ticks && _settings.Drill.Guards.SilenceWatch
            ? MeshError.At(
                MeshErrorKind.PeerSilent, Peer, $"nothing was heard of position {Peer} for {Seconds(silent)} s; the silence timeout is {_settings.Timeouts.Silence.TotalSeconds} s")
            : null;
    }

    /// <summary>Wakes the callers who wait here, after the mesh's error is set. An idle sender thread sleeps on until <see cref="Dispose"/>: waking it would only delay them.</summary>
    public void Release()
    {
        lock (_gate)
        {
            if (_waiters > 0)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Tells the peer why, if its link is free at this moment, and closes the link.</summary>
    /// <param name="error">What the peer hears.</param>
    /// <param name="until">Time of the clock up to which a short write under way may end, so that the goodbye can follow it.</param>
    public void Close(MeshError error, long until)
    {
        bool free;
        lock (_gate)
        {
            for (long left = until - _clock.Now; _writing && _endsSoon && left > 0; left = until - _clock.Now)
            {
                if (!Monitor.Wait(_gate, TimeSpan.FromTicks(left)))
                {
                    break; // also where the clock is a test's and stands still
                }
            }

            free = !_writing;
            _isClosed = true;
            _writing = true; // for good: nothing may follow a goodbye
        }

        if (free)
        {
            Span<byte> goodbye = stackalloc byte[MessageFrame.FixedBytes + Goodbye.MaxBytes];
            _link.TryWrite(goodbye[..Goodbye.Write(goodbye, _mesh.Generation, error)]);
        }

        _link.Close();
    }

    /// <summary>Waits for both threads (unless it runs on one of them) and gives the link back.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }

        if (Thread.CurrentThread != _receiver)
        {
            _receiver.Join();
        }

        if (Thread.CurrentThread != _sender)
        {
            _sender.Join();
        }

        _link.Dispose();
    }

    private void WaitForTurn()
    {
        _waiters++;
        Monitor.Wait(_gate);
        _waiters--;
    }

    private byte[] RentHeader(int length)
    {
        byte[] header = _headerCount > 0 ? _headers[--_headerCount] : [];
        return header.Length >= length ? header : new byte[Math.Max(SmallestHeader, length)];
    }

    private static double Seconds(long ticks) => Math.Round(TimeSpan.FromTicks(ticks).TotalSeconds, 3);

    // Written by the clock's thread itself, so that neither a busy sender nor a long queue delays it. A link that takes nothing at this moment carries bytes already.
    private void Beat(long now)
    {
        lock (_gate)
        {
            if (_writing || _mesh.Error is not null || now - _lastWrite < _settings.Timeouts.Heartbeat.Ticks)
            {
                return;
            }

            BeginWrite(0);
        }

        Span<byte> heartbeat = stackalloc byte[MessageFrame.FixedBytes];
        new MessageFrame(MessageFrame.HeartbeatKind, _mesh.Generation, 0, 0, 0, PayloadCheck.Crc, PayloadChecksum.Of([])).Write(heartbeat, []);
        _link.TryWrite(heartbeat);
        EndWrite(0);
    }

    private void SendLoop()
    {
        while (true)
        {
            Posted next;
            lock (_gate)
            {
                while (_mesh.Error is null && (_writing || _count == 0 || _queue[_first].Number != _sentThrough + 1))
                {
                    Monitor.Wait(_gate);
                }

                if (_mesh.Error is not null)
                {
                    return;
                }

                next = _queue[_first];
                BeginWrite(next.Payload.Length);
            }

            try
            {
                Messages.Update(next.Ticket, OperationState.Active);
                Write(next.Number, next.Kind, next.Header.AsSpan(0, next.HeaderBytes), next.Payload.Span, next.Check);
                Messages.Update(next.Ticket, OperationState.Done);
                EndWrite(next.Number, fromQueue: true);
            }
            catch (MeshException)
            {
                return; // the error is kept by the mesh
            }
        }
    }

    private void BeginWrite(int payloadBytes)
    {
        _writing = true;
        _endsSoon = payloadBytes <= SoonBytes;
        Volatile.Write(ref _writingSince, _clock.Now);
    }

    private void EndWrite(long number, bool fromQueue = false)
    {
        lock (_gate)
        {
            Volatile.Write(ref _writingSince, 0);
            _lastWrite = _clock.Now;
            if (fromQueue)
            {
                _headers[_headerCount++] = _queue[_first].Header;
                _queue[_first] = default;
                _first = (_first + 1) % _queue.Length;
                _count--;
            }

            if (number != 0)
            {
                _sentThrough = number;
            }

            _writing = _isClosed;
            Monitor.PulseAll(_gate);
        }
    }

    private void Write(long number, ushort kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, PayloadCheck check)
    {
        MessageFrame frame = new(
            kind, _mesh.Generation, number, header.Length, payload.Length, check, check == PayloadCheck.Crc ? PayloadChecksum.Of(payload) : 0);
        int length = frame.Write(_head, header);
        try
        {
            int first = Math.Min(payload.Length, WriteChunkBytes);
            _link.Write(_head.AsSpan(0, length), payload[..first]);
            for (int at = first; at < payload.Length; at += WriteChunkBytes)
            {
                Volatile.Write(ref _writingSince, _clock.Now);
                _link.Write([], payload.Slice(at, Math.Min(WriteChunkBytes, payload.Length - at)));
            }
        }
        catch (IOException e)
        {
            _mesh.LinkFailed(Peer, e);
            _mesh.ThrowIfFailed();
        }
    }

    private struct Posted
    {
        public long Number;
        public ushort Kind;
        public PayloadCheck Check;
        public byte[] Header;
        public int HeaderBytes;
        public ReadOnlyMemory<byte> Payload;
        public long Ticket;
    }
}
