namespace Olmo.Runtime.Event;

/// <summary>Level of a log line.</summary>
public enum LogLevel
{
    /// <summary>For whoever reads the code.</summary>
    DebugLevel,

    /// <summary>For an operator who asks.</summary>
    InfoLevel,

    /// <summary>Something went wrong and was mended.</summary>
    WarningLevel,

    /// <summary>Something went wrong.</summary>
    ErrorLevel,
}

/// <summary>Log of one source.</summary>
public interface ILoggingAdapter
{
    /// <summary>Whether lines of that level go anywhere.</summary>
    bool IsEnabled(LogLevel logLevel);

    /// <summary>Writes a line; {0}, {1} ... are filled in.</summary>
    void Log(LogLevel logLevel, Exception? cause, string format, params object?[] args);
}
