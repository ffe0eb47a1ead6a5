using Microsoft.Extensions.Logging;

namespace Olmo.Host.Nodes;

/// <summary>The log of one process: a line each, appended to a file.</summary>
internal sealed class ProcessLog : ILoggerFactory
{
    private readonly Lock _lock = new();
    private readonly StreamWriter _writer;
    private readonly TimeProvider _time;
    private readonly string _process;
    private bool _disposed;

    /// <summary>Appends to a file.</summary>
    public ProcessLog(string path, string process, TimeProvider time)
    {
        _time = time;
        _process = process;
        _writer = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
    }

    /// <inheritdoc />
    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <inheritdoc />
    public void AddProvider(ILoggerProvider provider)
    {
        // There is one place to write to.
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _writer.Dispose();
        }
    }

    private void Write(LogLevel level, string category, string text, Exception? cause)
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _writer.WriteLine($"{_time.GetUtcNow():O} {_process} {level} {category}: {text}{(cause is null ? "" : "\n  " + cause.ToString().ReplaceLineEndings("\n  "))}");
            }
        }
    }

    private sealed class Logger(ProcessLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Write(logLevel, category, formatter(state, exception), exception);
            }
        }
    }
}
