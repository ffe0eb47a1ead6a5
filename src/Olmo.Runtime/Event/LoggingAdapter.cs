using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Event;

/// <summary>Writes to the host's logger at once, and as an event to whoever subscribed to the level's class.</summary>
internal sealed class LoggingAdapter(ActorSystemImpl system, string source, Type type) : ILoggingAdapter
{
    private readonly ILogger _logger = (system.Options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger(type.FullName ?? type.Name);

    public bool IsDebugEnabled => IsEnabled(LogLevel.DebugLevel);

    public bool IsInfoEnabled => IsEnabled(LogLevel.InfoLevel);

    public bool IsWarningEnabled => IsEnabled(LogLevel.WarningLevel);

    public bool IsErrorEnabled => IsEnabled(LogLevel.ErrorLevel);

    public bool IsEnabled(LogLevel logLevel) => _logger.IsEnabled(Level(logLevel)) || system.EventStream.HasReceivers(logLevel.ClassFor());

    public void Log(LogLevel logLevel, Exception? cause, string format) => Write(logLevel, cause, format);

    public void Write(LogLevel level, Exception? cause, string message)
    {
        if (!IsEnabled(level))
        {
            return;
        }

        LogEvent line = level switch
        {
            LogLevel.DebugLevel => new Debug(cause, source, type, message),
            LogLevel.InfoLevel => new Info(cause, source, type, message),
            LogLevel.WarningLevel => new Warning(cause, source, type, message),
            _ => new Error(cause, source, type, message),
        };
        if (system.Muted?.Invoke(line) != true)
        {
            _logger.Log(Level(level), cause, "{Source}: {Message}", source, message);
        }

        system.EventStream.Publish(line);
    }

    public override string ToString() => source;

    private static Microsoft.Extensions.Logging.LogLevel Level(LogLevel level) => level switch
    {
        LogLevel.DebugLevel => Microsoft.Extensions.Logging.LogLevel.Debug,
        LogLevel.InfoLevel => Microsoft.Extensions.Logging.LogLevel.Information,
        LogLevel.WarningLevel => Microsoft.Extensions.Logging.LogLevel.Warning,
        _ => Microsoft.Extensions.Logging.LogLevel.Error,
    };
}
