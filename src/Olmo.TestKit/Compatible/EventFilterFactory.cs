using System.Text.RegularExpressions;
using Olmo.Runtime.Actor;
using Olmo.Runtime.Event;

namespace Olmo.Runtime.TestKit;

/// <summary>
/// Makes filters of log events and dead letters. Texts are compared with the event's message, those of exceptions with the exception's
/// message too; all given conditions must hold.
/// </summary>
public class EventFilterFactory
{
    private readonly TestKitBase _testkit;
    private readonly ActorSystem _system;
    private readonly IReadOnlyList<EventMatch> _before;

    public EventFilterFactory(TestKitBase testkit)
        : this(testkit, (testkit ?? throw new ArgumentNullException(nameof(testkit))).Sys)
    {
    }

    public EventFilterFactory(TestKitBase testkit, ActorSystem system)
        : this(testkit, system, [])
    {
    }

    internal EventFilterFactory(TestKitBase testkit, ActorSystem system, IReadOnlyList<EventMatch> before)
    {
        _testkit = testkit;
        _system = system;
        _before = before;
    }

    public IEventFilterApplier Exception<TException>(string? message = null, string? start = null, string? contains = null, string? source = null)
        where TException : Exception => Exception(typeof(TException), message, start, contains, source);

    public IEventFilterApplier Exception<TException>(Regex pattern, string? source = null)
        where TException : Exception => Exception(typeof(TException), pattern, source);

    public IEventFilterApplier Exception(Type exceptionType, string? message = null, string? start = null, string? contains = null, string? source = null, bool checkInnerExceptions = false) =>
        Thrown(exceptionType, Text(message, start, contains), source, checkInnerExceptions);

    public IEventFilterApplier Exception(Type exceptionType, Regex pattern, string? source = null, bool checkInnerExceptions = false) =>
        Thrown(exceptionType, pattern.IsMatch, source, checkInnerExceptions);

    public IEventFilterApplier Error(string? message = null, string? start = null, string? contains = null, string? source = null) =>
        ForLogLevel(LogLevel.ErrorLevel, message, start, contains, source);

    public IEventFilterApplier Error(Regex pattern, string? source = null) => ForLogLevel(LogLevel.ErrorLevel, pattern, source);

    public IEventFilterApplier Warning(string? message = null, string? start = null, string? contains = null, string? source = null) =>
        ForLogLevel(LogLevel.WarningLevel, message, start, contains, source);

    public IEventFilterApplier Warning(Regex pattern, string? source = null) => ForLogLevel(LogLevel.WarningLevel, pattern, source);

    public IEventFilterApplier Info(string? message = null, string? start = null, string? contains = null, string? source = null) =>
        ForLogLevel(LogLevel.InfoLevel, message, start, contains, source);

    public IEventFilterApplier Info(Regex pattern, string? source = null) => ForLogLevel(LogLevel.InfoLevel, pattern, source);

    public IEventFilterApplier Debug(string? message = null, string? start = null, string? contains = null, string? source = null) =>
        ForLogLevel(LogLevel.DebugLevel, message, start, contains, source);

    public IEventFilterApplier Debug(Regex pattern, string? source = null) => ForLogLevel(LogLevel.DebugLevel, pattern, source);

    public IEventFilterApplier ForLogLevel(LogLevel logLevel, string? message = null, string? start = null, string? contains = null, string? source = null) =>
        Logged(logLevel, Text(message, start, contains), source);

    public IEventFilterApplier ForLogLevel(LogLevel logLevel, Regex pattern, string? source = null) => Logged(logLevel, pattern.IsMatch, source);

    public IEventFilterApplier Custom(Predicate<LogEvent> predicate) => Custom<LogEvent>(predicate);

    public IEventFilterApplier Custom<TLogEvent>(Predicate<TLogEvent> predicate)
        where TLogEvent : LogEvent => Apply(new EventMatch(typeof(TLogEvent), e => e is TLogEvent typed && predicate(typed)));

    public IEventFilterApplier DeadLetter() => Letter(typeof(object), static _ => true, null);

    public IEventFilterApplier DeadLetter<TMessage>(string? source = null) => Letter(typeof(TMessage), static _ => true, source);

    public IEventFilterApplier DeadLetter<TMessage>(Func<TMessage, bool> isMatch, string? source = null) =>
        Letter(typeof(TMessage), m => isMatch((TMessage)m), source);

    public IEventFilterApplier DeadLetter(Type type, string? source = null) => Letter(type, static _ => true, source);

    public IEventFilterApplier DeadLetter(Type type, Func<object, bool> isMatch, string? source = null) => Letter(type, isMatch, source);

    private static Predicate<string> Text(string? message, string? start, string? contains) => text =>
        (message is null || string.Equals(text, message, StringComparison.Ordinal))
        && (start is null || text.StartsWith(start, StringComparison.Ordinal))
        && (contains is null || text.Contains(contains, StringComparison.Ordinal));

    private IEventFilterApplier Logged(LogLevel level, Predicate<string> text, string? source) => Apply(new EventMatch(
        level.ClassFor(),
        e => e is LogEvent log && log.LogLevel() == level && Source(log, source) && text(log.Message?.ToString() ?? string.Empty)));

    private IEventFilterApplier Thrown(Type type, Predicate<string> text, string? source, bool inner) => Apply(new EventMatch(
        typeof(Error),
        e => e is Error { Cause: { } cause } error && Source(error, source) && Causes(cause, inner).Any(c => type.IsInstanceOfType(c)
            && (text(c.Message) || text(error.Message?.ToString() ?? string.Empty)))));

    private IEventFilterApplier Letter(Type type, Func<object, bool> isMatch, string? source) => Apply(new EventMatch(
        typeof(DeadLetter),
        e => e is DeadLetter letter && type.IsInstanceOfType(letter.Message) && isMatch(letter.Message)
            && (source is null || string.Equals(letter.Recipient.Path.ToString(), source, StringComparison.Ordinal))));

    private IEventFilterApplier Apply(EventMatch match) => new EventFilterApplier(_testkit, _system, [.. _before, match]);

    private static bool Source(LogEvent log, string? source) => source is null || string.Equals(log.LogSource, source, StringComparison.Ordinal);

    private static IEnumerable<Exception> Causes(Exception cause, bool inner)
    {
        for (Exception? at = cause; at is not null; at = inner ? at.InnerException : null)
        {
            yield return at;
        }
    }
}

/// <summary>A kind of event and a condition on it.</summary>
internal sealed record EventMatch(Type Channel, Func<object, bool> Matches);
