using Olmo.Runtime.Actor;
using Olmo.Runtime.Dispatch;

namespace Olmo.TestKit.VirtualTime;

/// <summary>
/// A clock that moves only when told to, from due time to due time: timers fire in the order of their due times (equal ones in the
/// order in which they were armed), on the thread that moves the clock, and see the clock at their own due time.
/// </summary>
public sealed class VirtualTimeProvider(DateTimeOffset start) : TimeProvider
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly PriorityQueue<(VirtualTimer Timer, long Arming), (long Due, long Order)> _armed = new();
    private readonly List<ActivityTracker> _attached = [];
    private long _nowTicks;
    private long _order;

    /// <summary>Starts at 2000-01-01 UTC.</summary>
    public VirtualTimeProvider()
        : this(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>Time since the start.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Interlocked.Read(ref _nowTicks));

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => start + Elapsed;

    public override long GetTimestamp() => Interlocked.Read(ref _nowTicks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        VirtualTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets <see cref="Settle"/> wait for this system; it must have been made with TrackActivity.</summary>
    /// <exception cref="ArgumentException">The system does not count its activity.</exception>
    public void Attach(ActorSystem system)
    {
        ActivityTracker activity = (system as ActorSystemImpl)?.Activity
            ?? throw new ArgumentException("The system was made without TrackActivity.", nameof(system));
        lock (_gate)
        {
            _attached.Add(activity);
        }
    }

    /// <summary>Moves the clock and fires what falls due, without waiting for what that sets off.</summary>
    public void Advance(TimeSpan by) => Move(by, settle: false);

    /// <summary>
    /// Waits until all actors are idle, then moves the clock to the next due time, waits again, and so on until it has moved by
    /// <paramref name="by"/>: work that a timer sets off sees the clock at that timer's time, and timers that it arms are not missed.
    /// </summary>
    public void AdvanceAndSettle(TimeSpan by) => Move(by, settle: true);

    /// <summary>
    /// Waits until every attached system's mailboxes are idle and stay so while the thread pool passes a few of our own work items.
    /// Handlers that await something outside count as idle.
    /// </summary>
    /// <exception cref="TimeoutException">Mailboxes were still busy after 30 s of real time.</exception>
    public void Settle()
    {
        ActivityTracker[] attached;
        lock (_gate)
        {
            attached = [.. _attached];
        }

        long begun = -1;
        for (int quiet = 0; quiet < 3;)
        {
            Task all = Task.WhenAll(attached.Select(a => a.WhenIdle()));
            if (!all.Wait(Patience))
            {
                throw new TimeoutException($"Mailboxes were still busy after {Patience}.");
            }

            using ManualResetEventSlim passed = new();
            ThreadPool.UnsafeQueueUserWorkItem(static e => ((ManualResetEventSlim)e!).Set(), passed);
            if (!passed.Wait(Patience))
            {
                throw new TimeoutException($"The thread pool took no work for {Patience}.");
            }

            long now = attached.Aggregate(0L, static (sum, a) => sum + a.Begun);
            quiet = now == begun && attached.All(a => a.IsIdle) ? quiet + 1 : 0;
            begun = now;
        }
    }

    private void Move(TimeSpan by, bool settle)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        if (settle)
        {
            Settle();
        }

        long target = Interlocked.Read(ref _nowTicks) + by.Ticks;
        while (TakeDue(target) is { } due)
        {
            long at = Interlocked.Read(ref _nowTicks);
            due.Fire();
            if (settle && !HasDue(at))
            {
                Settle();
            }
        }

        Interlocked.Exchange(ref _nowTicks, target);
    }

    /// <summary>The next timer due at or before <paramref name="target"/>, with the clock moved to it.</summary>
    private VirtualTimer? TakeDue(long target)
    {
        lock (_gate)
        {
            while (_armed.TryPeek(out (VirtualTimer Timer, long Arming) next, out (long Due, long Order) at))
            {
                if (next.Timer.Arming != next.Arming)
                {
                    _armed.Dequeue();
                    continue;
                }

                if (at.Due > target)
                {
                    return null;
                }

                _armed.Dequeue();
                Interlocked.Exchange(ref _nowTicks, Math.Max(at.Due, Interlocked.Read(ref _nowTicks)));
                next.Timer.Rearm(at.Due);
                return next.Timer;
            }

            return null;
        }
    }

    private bool HasDue(long at)
    {
        lock (_gate)
        {
            while (_armed.TryPeek(out (VirtualTimer Timer, long Arming) next, out (long Due, long Order) first))
            {
                if (next.Timer.Arming == next.Arming)
                {
                    return first.Due <= at;
                }

                _armed.Dequeue();
            }

            return false;
        }
    }

    private sealed class VirtualTimer(VirtualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;
        private bool _disposed;

        /// <summary>Changes with each arming, so that an older entry of the queue no longer counts.</summary>
        public long Arming { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                if (_disposed)
                {
                    return false;
                }

                _period = period;
                Arming = ++clock._order;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    clock._armed.Enqueue((this, Arming), (Interlocked.Read(ref clock._nowTicks) + dueTime.Ticks, Arming));
                }

                return true;
            }
        }

        public void Rearm(long due)
        {
            Arming = ++clock._order;
            if (_period != Timeout.InfiniteTimeSpan && _period > TimeSpan.Zero)
            {
                clock._armed.Enqueue((this, Arming), (due + _period.Ticks, Arming));
            }
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                _disposed = true;
                Arming = ++clock._order;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
