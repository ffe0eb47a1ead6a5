namespace Olmo.Runtime.Actor;

/// <summary>
/// Keyed timers of one actor: starting a key cancels the one before, and what a cancelled or replaced timer, or one of an earlier
/// incarnation, has already put into the mailbox is dropped.
/// </summary>
public interface ITimerScheduler
{
    IReadOnlyCollection<object> ActiveTimers { get; }

    bool IsTimerActive(object key);

    void StartSingleTimer(object key, object msg, TimeSpan timeout);

    void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef? sender);

    void StartPeriodicTimer(object key, object msg, TimeSpan interval);

    void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef? sender);

    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval);

    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef? sender);

    void Cancel(object key);

    void CancelAll();
}

/// <summary>An actor with timers; all are cancelled before PreRestart and PostStop.</summary>
public interface IWithTimers
{
    /// <summary>Set by the runtime after the constructor.</summary>
    ITimerScheduler Timers { get; set; }
}

/// <summary>What a timer puts into the mailbox; the cell asks its owner whether it still counts.</summary>
internal sealed class TimerMessage(TimerScheduler owner, object key, object message, long generation)
{
    public object Key { get; } = key;

    public object Message { get; } = message;

    public long Generation { get; } = generation;

    /// <summary>The user's message, or null where the timer no longer counts.</summary>
    public object? Accept(ActorBase? current) => current is IWithTimers && owner.Accept(this) ? Message : null;
}

internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
{
    private readonly Dictionary<object, Active> _active = [];
    private long _generation;

    public IReadOnlyCollection<object> ActiveTimers => [.. _active.Keys];

    public bool IsTimerActive(object key) => _active.ContainsKey(key);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout) => Start(key, msg, timeout, null, cell.Self);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef? sender) => Start(key, msg, timeout, null, sender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval) => Start(key, msg, interval, interval, cell.Self);

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef? sender) => Start(key, msg, interval, interval, sender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval) => Start(key, msg, initialDelay, interval, cell.Self);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef? sender) =>
        Start(key, msg, initialDelay, interval, sender);

    public void Cancel(object key)
    {
        if (_active.Remove(key, out Active active))
        {
            active.Cancelable.Cancel();
        }
    }

    public void CancelAll()
    {
        foreach (Active active in _active.Values)
        {
            active.Cancelable.Cancel();
        }

        _active.Clear();
    }

    internal bool Accept(TimerMessage message)
    {
        if (!_active.TryGetValue(message.Key, out Active active) || active.Generation != message.Generation)
        {
            return false;
        }

        if (!active.Repeats)
        {
            _active.Remove(message.Key);
        }

        return true;
    }

    private void Start(object key, object message, TimeSpan delay, TimeSpan? interval, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(message);
        Cancel(key);
        long generation = ++_generation;
        TimerMessage timer = new(this, key, message, generation);
        IScheduler scheduler = cell.SystemImpl.Scheduler;
        ICancelable cancelable = interval is { } every
            ? scheduler.ScheduleTellRepeatedlyCancelable(delay, every, cell.Self, timer, sender)
            : scheduler.ScheduleTellOnceCancelable(delay, cell.Self, timer, sender);
        _active.Add(key, new Active(generation, interval is not null, cancelable));
    }

    private readonly record struct Active(long Generation, bool Repeats, ICancelable Cancelable);
}
