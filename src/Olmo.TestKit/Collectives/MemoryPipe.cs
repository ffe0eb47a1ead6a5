using Olmo.Actors.Collectives;

namespace Olmo.TestKit.Collectives;

/// <summary>
/// Bytes from one rank to another, in memory: bounded, ordered, with faults. The writer waits while it is full, the reader while it is empty, either while its rank
/// is frozen.
/// </summary>
internal sealed class MemoryPipe : IDisposable
{
    private readonly object _gate = new(); // Monitor: threads wait on it
    private readonly byte[] _ring;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Queue<(long At, long End)> _delayed = new();
    private long _written;
    private long _arrived;
    private long _busyAt = -1; // what had been read when a reader that was busy was waited for in vain
    private long _read;
    private long _flipAt = -1; // bit of the next payload
    private ushort? _flipKind; // of messages of this kind; null: of any
    private TimeSpan _delay;
    private bool _dropped;
    private bool _writerFrozen;
    private bool _readerFrozen;
    private bool _reading; // a thread is inside Read
    private bool _ended; // no more bytes will be written
    private bool _closed; // nobody reads or writes any more

    public MemoryPipe(int capacity, TimeProvider time)
    {
        _ring = new byte[capacity];
        _time = time;
        _timer = time.CreateTimer(_ => Change(() => { }), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Drop(bool dropped) => Change(() => _dropped = dropped);

    public void FreezeWriter(bool frozen) => Change(() => _writerFrozen = frozen);

    public void FreezeReader(bool frozen) => Change(() => _readerFrozen = frozen);

    public void Delay(TimeSpan delay) => Change(() => _delay = delay);

    public void FlipBit(long bit, ushort? kind) => Change(() =>
    {
        _flipAt = bit;
        _flipKind = kind;
    });

    /// <summary>The writing side is gone: what is on its way still arrives.</summary>
    public void End() => Change(() => _ended = true);

    /// <summary>The reading side is gone: writing is an error from now on.</summary>
    public void Close() => Change(() => _closed = true);

    public void Write(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        WritePart(head, flip: -1);
        long flip = -1;
        lock (_gate)
        {
            if (!payload.IsEmpty && _flipAt >= 0 && (_flipKind is not { } kind || MessageFrame.KindOf(head) == kind))
            {
                flip = _flipAt % (8L * payload.Length);
                _flipAt = -1;
            }
        }

        WritePart(payload, flip);
    }

    public void TryWrite(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (!_closed && !_ended && !_writerFrozen && _ring.Length - (_written - _read) >= bytes.Length)
            {
                Put(bytes, -1);
            }
        }
    }

    /// <summary>Waits until the reader has taken what has arrived and waits for more.</summary>
    /// <param name="patience">Of real time, for a reader that waits for bytes.</param>
    /// <param name="handlerPatience">Of real time, once, for a reader that is busy with what it took: it may be inside a handler that a test holds.</param>
    /// <returns>False where a reader took nothing within <paramref name="patience"/>.</returns>
    public bool Settle(TimeSpan patience, TimeSpan handlerPatience)
    {
        lock (_gate)
        {
            while (!_readerFrozen && !_closed && (_reading || _written > 0)) // a reader that has not begun to read what was written counts, too
            {
                if (_reading && Arrived() == _read)
                {
                    return true;
                }

                if (!_reading && _busyAt == _read)
                {
                    return true; // waited for in vain before
                }

                bool wasReading = _reading;
                if (!Monitor.Wait(_gate, wasReading ? patience : handlerPatience))
                {
                    if (wasReading)
                    {
                        return false;
                    }

                    _busyAt = _read;
                }
            }

            return true;
        }
    }

    public int Read(Span<byte> destination)
    {
        lock (_gate)
        {
            _reading = true;
            Monitor.PulseAll(_gate);
            try
            {
                return ReadArrived(destination);
            }
            finally
            {
                _reading = false;
                Monitor.PulseAll(_gate);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private int ReadArrived(Span<byte> destination)
    {
        while (true)
        {
            if (_closed)
            {
                throw new IOException("the link was closed here");
            }

            long available = Arrived() - _read;
            if (!_readerFrozen && available > 0)
            {
                int count = (int)Math.Min(available, destination.Length);
                int at = (int)(_read % _ring.Length);
                int first = Math.Min(count, _ring.Length - at);
                _ring.AsSpan(at, first).CopyTo(destination);
                _ring.AsSpan(0, count - first).CopyTo(destination[first..]);
                _read += count;
                return count;
            }

            if (!_readerFrozen && _ended && _read == _written)
            {
                return 0;
            }

            Monitor.Wait(_gate);
        }
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            Monitor.PulseAll(_gate);
        }
    }

    private void WritePart(ReadOnlySpan<byte> bytes, long flip)
    {
        int done = 0;
        while (done < bytes.Length)
        {
            lock (_gate)
            {
                while (!_closed && !_ended && (_writerFrozen || _written - _read == _ring.Length))
                {
                    Monitor.Wait(_gate);
                }

                if (_closed || _ended)
                {
                    throw new IOException(_ended ? "the link was closed here" : "the peer closed the link");
                }

                int count = (int)Math.Min(bytes.Length - done, _ring.Length - (_written - _read));
                long here = flip - (8L * done);
                Put(bytes.Slice(done, count), here >= 0 && here < 8L * count ? here : -1);
                done += count;
            }
        }
    }

    private void Put(ReadOnlySpan<byte> bytes, long flip)
    {
        if (_dropped)
        {
            return;
        }

        int at = (int)(_written % _ring.Length);
        int first = Math.Min(bytes.Length, _ring.Length - at);
        bytes[..first].CopyTo(_ring.AsSpan(at));
        bytes[first..].CopyTo(_ring);
        if (flip >= 0)
        {
            _ring[(int)((_written + (flip / 8)) % _ring.Length)] ^= (byte)(1 << (int)(flip % 8));
        }

        if (_delayed.Count == 0)
        {
            _arrived = _written;
        }

        _written += bytes.Length;
        if (_delay > TimeSpan.Zero || _delayed.Count > 0)
        {
            _delayed.Enqueue((_time.GetTimestamp() + (long)(_delay.TotalSeconds * _time.TimestampFrequency), _written));
            Arm();
        }

        Monitor.PulseAll(_gate);
    }

    // Bytes up to here may be read.
    private long Arrived()
    {
        long now = _time.GetTimestamp();
        while (_delayed.TryPeek(out (long At, long End) next))
        {
            if (next.At > now)
            {
                Arm();
                return _arrived;
            }

            _arrived = next.End;
            _delayed.Dequeue();
        }

        return _written;
    }

    private void Arm()
    {
        if (_delayed.TryPeek(out (long At, long End) next))
        {
            TimeSpan due = _time.GetElapsedTime(_time.GetTimestamp(), next.At);
            _timer.Change(due > TimeSpan.Zero ? due : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
