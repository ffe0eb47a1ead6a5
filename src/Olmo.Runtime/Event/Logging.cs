using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Event;

/// <summary>Makes logs.</summary>
public static class Logging
{
    /// <summary>The log of an actor.</summary>
    public static ILoggingAdapter GetLogger(this IActorContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        string source = context.Self.Path.ToStringWithoutAddress();
        return new LoggerAdapter(context.System.LoggerFactory.CreateLogger(source), context.System.EventStream, source);
    }
}

/// <summary>One method a level.</summary>
public static class LoggingExtensions
{
    /// <summary>Writes a line.</summary>
    public static void Debug(this ILoggingAdapter log, string format, params object?[] args) => log.Log(LogLevel.DebugLevel, null, format, args);

    /// <summary>Writes a line.</summary>
    public static void Info(this ILoggingAdapter log, string format, params object?[] args) => log.Log(LogLevel.InfoLevel, null, format, args);

    /// <summary>Writes a line.</summary>
    public static void Warning(this ILoggingAdapter log, string format, params object?[] args) => log.Log(LogLevel.WarningLevel, null, format, args);

    /// <summary>Writes a line.</summary>
    public static void Error(this ILoggingAdapter log, string format, params object?[] args) => log.Log(LogLevel.ErrorLevel, null, format, args);

    /// <summary>Writes a line with its exception.</summary>
    public static void Error(this ILoggingAdapter log, Exception? cause, string format, params object?[] args) => log.Log(LogLevel.ErrorLevel, cause, format, args);
}
