using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Olmo.Runtime.Event;

/// <summary>The log over Microsoft.Extensions.Logging; warnings and errors also go to the event stream.</summary>
internal sealed class LoggerAdapter(ILogger logger, EventStream events, string source) : ILoggingAdapter
{
    public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(Translated(logLevel));

    public void Log(LogLevel logLevel, Exception? cause, string format, params object?[] args)
    {
        string text = args.Length == 0 ? format : string.Format(CultureInfo.InvariantCulture, format, args);
        logger.Log(Translated(logLevel), cause, "[{Source}] {Text}", source, text);
        if (logLevel is LogLevel.WarningLevel or LogLevel.ErrorLevel)
        {
            events.Publish(new LogEvent(logLevel, source, text, cause));
        }
    }

    private static Microsoft.Extensions.Logging.LogLevel Translated(LogLevel level) => level switch
    {
        LogLevel.DebugLevel => Microsoft.Extensions.Logging.LogLevel.Debug,
        LogLevel.InfoLevel => Microsoft.Extensions.Logging.LogLevel.Information,
        LogLevel.WarningLevel => Microsoft.Extensions.Logging.LogLevel.Warning,
        _ => Microsoft.Extensions.Logging.LogLevel.Error,
    };
}

/// <summary>A warning or error on the event stream.</summary>
internal sealed record LogEvent(LogLevel Level, string Source, string Text, Exception? Cause);
