namespace Olmo.Runtime.Actor;

/// <summary>Timers of one cell; touched on its turns alone.</summary>
internal sealed class ActorTimers(ActorCell cell) : ITimerScheduler
{
    private readonly Dictionary<object, RunningTimer> _timers = [];

    public IReadOnlyCollection<object> ActiveTimers => [.. _timers.Keys];

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval) => Start(key, msg, interval, interval);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval) => Start(key, msg, initialDelay, interval);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout) => Start(key, msg, timeout, null);

    public bool IsTimerActive(object key) => _timers.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_timers.Remove(key, out RunningTimer? timer))
        {
            timer.Cancel();
        }
    }

    public void CancelAll()
    {
        foreach (RunningTimer timer in _timers.Values)
        {
            timer.Cancel();
        }

        _timers.Clear();
    }

    /// <summary>Whether the message of a timer still counts; a single timer ends with it.</summary>
    public bool Consume(RunningTimer timer)
    {
        if (!_timers.TryGetValue(timer.Key, out RunningTimer? current) || !ReferenceEquals(current, timer))
        {
            return false;
        }

        if (timer.IsSingle)
        {
            _timers.Remove(timer.Key);
            timer.Cancel();
        }

        return true;
    }

    private void Start(object key, object message, TimeSpan delay, TimeSpan? interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        if (interval is { } i)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(i, TimeSpan.Zero);
        }

        Cancel(key);
        RunningTimer timer = new(key, interval is null);
        TimerMessage envelope = new(this, timer, message);
        _timers[key] = timer;
        timer.Source = cell.System.Time.CreateTimer(_ => cell.Ref.Tell(envelope, cell.Ref), null, delay, interval ?? Timeout.InfiniteTimeSpan);
    }

    internal sealed class RunningTimer(object key, bool isSingle)
    {
        public object Key { get; } = key;

        public bool IsSingle { get; } = isSingle;

        public ITimer? Source { get; set; }

        public void Cancel() => Source?.Dispose();
    }
}

/// <summary>A timer's message with the timer that it came from.</summary>
internal sealed class TimerMessage(ActorTimers timers, ActorTimers.RunningTimer timer, object message)
{
    public object Message { get; } = message;

    /// <summary>Whether it still counts; asked once, on the turn that handles it.</summary>
    public bool IsCurrent => timers.Consume(timer);
}
