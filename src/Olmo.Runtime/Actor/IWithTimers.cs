namespace Olmo.Runtime.Actor;

/// <summary>An actor with keyed timers; the runtime sets the property before the constructor's body ends.</summary>
public interface IWithTimers
{
    /// <summary>The actor's timers.</summary>
    ITimerScheduler Timers { get; set; }
}

/// <summary>Keyed timers of one actor: starting a key cancels the old one, and a message of a cancelled or replaced timer is dropped even if it is queued already.</summary>
public interface ITimerScheduler
{
    /// <summary>Keys of running timers.</summary>
    IReadOnlyCollection<object> ActiveTimers { get; }

    /// <summary>Sends a message again and again.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan interval);

    /// <summary>Same with a first delay of its own.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval);

    /// <summary>Sends a message once.</summary>
    void StartSingleTimer(object key, object msg, TimeSpan timeout);

    /// <summary>Whether a timer of that key runs.</summary>
    bool IsTimerActive(object key);

    /// <summary>Cancels a timer.</summary>
    void Cancel(object key);

    /// <summary>Cancels all.</summary>
    void CancelAll();
}
