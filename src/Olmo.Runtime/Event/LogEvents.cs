using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Event;

public enum LogLevel
{
    DebugLevel = 0,
    InfoLevel = 1,
    WarningLevel = 2,
    ErrorLevel = 3,
}

/// <summary>A line of the log as an event.</summary>
public abstract class LogEvent : INoSerializationVerificationNeeded
{
    protected LogEvent() => Thread = Thread.CurrentThread;

    private protected LogEvent(Exception? cause, string logSource, Type logClass, object? message)
        : this()
    {
        Cause = cause;
        LogSource = logSource;
        LogClass = logClass;
        Message = message;
    }

    public Exception? Cause { get; protected set; }

    /// <summary>Path of the actor, or the name that the logger was given.</summary>
    public string? LogSource { get; protected set; }

    public Type? LogClass { get; protected set; }

    public object? Message { get; protected set; }

    public Thread Thread { get; }

    /// <summary>UTC on the system's clock, set when the event is published.</summary>
    public DateTime Timestamp { get; private set; }

    public abstract LogLevel LogLevel();

    public override string ToString() => Cause is null
        ? $"[{LogLevel().StringFor()}][{Timestamp:O}][{LogSource}] {Message}"
        : $"[{LogLevel().StringFor()}][{Timestamp:O}][{LogSource}] {Message}{Environment.NewLine}Cause: {Cause}";

    internal void Stamp(DateTimeOffset now)
    {
        if (Timestamp == default)
        {
            Timestamp = now.UtcDateTime;
        }
    }
}

public class Debug : LogEvent
{
    public Debug(string logSource, Type logClass, object? message)
        : base(null, logSource, logClass, message)
    {
    }

    public Debug(Exception? cause, string logSource, Type logClass, object? message)
        : base(cause, logSource, logClass, message)
    {
    }

    public override LogLevel LogLevel() => Event.LogLevel.DebugLevel;
}

public class Info : LogEvent
{
    public Info(string logSource, Type logClass, object? message)
        : base(null, logSource, logClass, message)
    {
    }

    public Info(Exception? cause, string logSource, Type logClass, object? message)
        : base(cause, logSource, logClass, message)
    {
    }

    public override LogLevel LogLevel() => Event.LogLevel.InfoLevel;
}

public class Warning : LogEvent
{
    public Warning(string logSource, Type logClass, object? message)
        : base(null, logSource, logClass, message)
    {
    }

    public Warning(Exception? cause, string logSource, Type logClass, object? message)
        : base(cause, logSource, logClass, message)
    {
    }

    public override LogLevel LogLevel() => Event.LogLevel.WarningLevel;
}

public class Error : LogEvent
{
    public Error(Exception? cause, string logSource, Type logClass, object? message)
        : base(cause, logSource, logClass, message)
    {
    }

    public override LogLevel LogLevel() => Event.LogLevel.ErrorLevel;
}
