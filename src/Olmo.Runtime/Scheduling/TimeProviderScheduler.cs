using System.Collections.Concurrent;
using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Scheduling;

/// <summary>A scheduler on a <see cref="System.TimeProvider"/>, one timer for each piece of scheduled work.</summary>
internal sealed class TimeProviderScheduler(TimeProvider time) : IScheduler, IAdvancedScheduler, IDisposable
{
    private readonly long _start = time.GetTimestamp();
    private readonly ConcurrentDictionary<ScheduledWork, byte> _live = new();
    private volatile bool _shutDown;

    public TimeProvider Time => time;

    /// <summary>Told about actions that threw.</summary>
    public Action<Exception>? OnFailure { get; set; }

    public DateTimeOffset Now => time.GetUtcNow();

    public TimeSpan MonotonicClock => time.GetElapsedTime(_start);

    public TimeSpan HighResMonotonicClock => MonotonicClock;

    public IAdvancedScheduler Advanced => this;

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellOnce(delay, receiver, message, sender, null);

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable) =>
        Start(delay, null, () => receiver.Tell(message, sender), cancelable);

    public void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellRepeatedly(initialDelay, interval, receiver, message, sender, null);

    public void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable) =>
        Start(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    public void ScheduleOnce(TimeSpan delay, Action action) => Start(delay, null, action, null);

    public void ScheduleOnce(TimeSpan delay, Action action, ICancelable? cancelable) => Start(delay, null, action, cancelable);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action) => Start(initialDelay, interval, action, null);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable? cancelable) =>
        Start(initialDelay, interval, action, cancelable);

    public void Dispose()
    {
        _shutDown = true;
        foreach (ScheduledWork work in _live.Keys)
        {
            work.Dispose();
        }
    }

    private void Start(TimeSpan delay, TimeSpan? interval, Action action, ICancelable? cancelable)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        if (interval is { } every)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(every, TimeSpan.Zero, nameof(interval));
        }

        if (_shutDown)
        {
            throw new SchedulerException("The scheduler has been shut down.");
        }

        if (cancelable is { IsCancellationRequested: true })
        {
            return;
        }

        ScheduledWork work = new(this, interval, action);
        _live.TryAdd(work, 0);
        work.Start(delay, cancelable);
    }

    private sealed class ScheduledWork : IDisposable
    {
        private readonly TimeProviderScheduler _scheduler;
        private readonly TimeSpan? _interval;
        private readonly Action _action;
        private readonly ITimer _timer;
        private CancellationTokenRegistration _registration;
        private TimeSpan _due;
        private volatile bool _over;

        public ScheduledWork(TimeProviderScheduler scheduler, TimeSpan? interval, Action action)
        {
            _scheduler = scheduler;
            _interval = interval;
            _action = action;
            _timer = scheduler.Time.CreateDetachedTimer(static state => ((ScheduledWork)state!).Fire(), this);
        }

        public void Start(TimeSpan delay, ICancelable? cancelable)
        {
            _due = _scheduler.MonotonicClock + delay;
            _timer.Change(delay, Timeout.InfiniteTimeSpan);
            if (cancelable is not null)
            {
                _registration = cancelable.Token.UnsafeRegister(static state => ((ScheduledWork)state!).Dispose(), this);
            }
        }

        public void Dispose()
        {
            _over = true;
            _scheduler._live.TryRemove(this, out _);
            _timer.Dispose();
        }

        private void Fire()
        {
            if (_over || _scheduler._shutDown)
            {
                return;
            }

            try
            {
                _action();
            }
            catch (Exception failure)
            {
                _scheduler.OnFailure?.Invoke(failure);
            }

            if (_interval is not { } interval)
            {
                _registration.Unregister();
                Dispose();
                return;
            }

            if (!_over)
            {
                // Fixed rate; after a long pause the missed turns are not made up for.
                TimeSpan now = _scheduler.MonotonicClock;
                _due += interval;
                if (_due < now)
                {
                    _due = now;
                }

                _timer.Change(_due - now, Timeout.InfiniteTimeSpan);
            }
        }
    }
}

internal static class DetachedTimers
{
    /// <summary>A timer that is not yet armed and does not carry the creator's execution context.</summary>
    public static ITimer CreateDetachedTimer(this TimeProvider time, TimerCallback callback, object? state)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return time.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        using (ExecutionContext.SuppressFlow())
        {
            return time.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
