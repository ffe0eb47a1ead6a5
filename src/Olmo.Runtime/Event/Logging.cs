using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Event;

/// <summary>Writes to the log; formats are those of <see cref="string.Format(IFormatProvider, string, object[])"/>, made only where the level is on.</summary>
public interface ILoggingAdapter
{
    bool IsDebugEnabled { get; }

    bool IsInfoEnabled { get; }

    bool IsWarningEnabled { get; }

    bool IsErrorEnabled { get; }

    bool IsEnabled(LogLevel logLevel);

    /// <summary>Writes a text as it is.</summary>
    void Log(LogLevel logLevel, Exception? cause, string format);
}

/// <summary>Makes loggers.</summary>
public static class Logging
{
    /// <summary>The running actor's logger: its source is the actor's path, its class the actor's type.</summary>
    public static ILoggingAdapter GetLogger(this IActorContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        ActorCell cell = (ActorCell)context;
        return cell.SystemImpl.LogOf(cell.Self.Path.ToString(), cell.Props.Type);
    }

    /// <summary>A logger whose source is the given actor, type or text.</summary>
    public static ILoggingAdapter GetLogger(ActorSystem system, object logSourceObj)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(logSourceObj);
        ActorSystemImpl impl = (ActorSystemImpl)system;
        return logSourceObj switch
        {
            string text => impl.LogOf(text, typeof(string)),
            Type type => impl.LogOf(SimpleName(type), type),
            IActorRef actor => impl.LogOf(actor.Path.ToString(), actor.GetType()),
            _ => impl.LogOf(SimpleName(logSourceObj), logSourceObj.GetType()),
        };
    }

    public static string SimpleName(object o)
    {
        ArgumentNullException.ThrowIfNull(o);
        return SimpleName(o.GetType());
    }

    public static string SimpleName(Type t)
    {
        ArgumentNullException.ThrowIfNull(t);
        return t.Name;
    }

    public static Type ClassFor(this LogLevel logLevel) => logLevel switch
    {
        LogLevel.DebugLevel => typeof(Debug),
        LogLevel.InfoLevel => typeof(Info),
        LogLevel.WarningLevel => typeof(Warning),
        LogLevel.ErrorLevel => typeof(Error),
        _ => throw new ArgumentOutOfRangeException(nameof(logLevel), logLevel, "Unknown log level."),
    };

    public static string StringFor(this LogLevel logLevel) => logLevel switch
    {
        LogLevel.DebugLevel => "DEBUG",
        LogLevel.InfoLevel => "INFO",
        LogLevel.WarningLevel => "WARNING",
        LogLevel.ErrorLevel => "ERROR",
        _ => throw new ArgumentOutOfRangeException(nameof(logLevel), logLevel, "Unknown log level."),
    };
}
