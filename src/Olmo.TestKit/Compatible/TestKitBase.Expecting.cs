using System.Collections;
using System.Globalization;
using Olmo.Runtime.Actor;

namespace Olmo.Runtime.TestKit;

public abstract partial class TestKitBase
{
    /// <summary>The next message, which must be of this type.</summary>
    public T ExpectMsg<T>(TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Next<T>(duration, hint, cancellationToken);

    public T ExpectMsg<T>(T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Equal(message, Next<T>(timeout, hint, cancellationToken), hint);

    public T ExpectMsg<T>(T expected, Func<T, T, bool> comparer, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default)
    {
        T actual = Next<T>(timeout, hint, cancellationToken);
        _assertions.AssertEqual(expected, actual, comparer, Hinted(hint, $"Expected the message {expected} but received {actual}"));
        return actual;
    }

    public T ExpectMsg<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Matching(Next<T>(timeout, hint, cancellationToken), isMessage, hint);

    public T ExpectMsg<T>(Action<T> assert, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default)
    {
        T message = Next<T>(timeout, hint, cancellationToken);
        assert(message);
        return message;
    }

    public T ExpectMsg<T>(Func<T, IActorRef, bool> isMessageAndSender, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Matching(Next<T>(timeout, hint, cancellationToken), m => isMessageAndSender(m, LastSender), hint);

    public T ExpectMsg<T>(Action<T, IActorRef> assertMessageAndSender, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default)
    {
        T message = Next<T>(timeout, hint, cancellationToken);
        assertMessageAndSender(message, LastSender);
        return message;
    }

    public T ExpectMsgFrom<T>(IActorRef sender, TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        From(sender, Next<T>(duration, hint, cancellationToken), hint);

    public T ExpectMsgFrom<T>(IActorRef sender, T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Equal(message, From(sender, Next<T>(timeout, hint, cancellationToken), hint), hint);

    public T ExpectMsgFrom<T>(IActorRef sender, Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Matching(From(sender, Next<T>(timeout, hint, cancellationToken), hint), isMessage, hint);

    /// <summary>All of these messages, in any order, and no other before the last of them.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(params T[] messages) => ExpectMsgAllOf(RemainingOrDefault, messages);

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, params T[] messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        List<T> missing = [.. messages];
        List<T> received = [];
        foreach (object message in ReceiveN(messages.Length, max))
        {
            _assertions.AssertTrue(message is T typed && missing.Remove(typed), $"Received {message}, which is not among the expected [{string.Join(", ", missing)}]");
            received.Add((T)message);
        }

        return received;
    }

    /// <summary>The next message, which must be one of these.</summary>
    public T ExpectMsgAnyOf<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default)
    {
        T message = Next<T>(null, null, cancellationToken);
        _assertions.AssertTrue(messages.Contains(message), $"Received {message}, which is none of [{string.Join(", ", messages)}]");
        return message;
    }

    /// <summary>No message for the default time; on a virtual clock, moves it by that.</summary>
    public void ExpectNoMsg(CancellationToken cancellationToken = default) => ExpectNoMsg(RemainingOrDefault, cancellationToken);

    public void ExpectNoMsg(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNoMsg(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    public void ExpectNoMsg(TimeSpan duration, CancellationToken cancellationToken = default)
    {
        TimeSpan wait = duration;
        if (Virtual is { } clock)
        {
            clock.AdvanceAndSettle(duration);
            wait = TimeSpan.Zero;
        }

        if (TryReceive(wait, cancellationToken, out Envelope envelope))
        {
            _assertions.Fail(Escaped($"Expected no message for {duration} but received {envelope}"));
        }
    }

    /// <summary>The next message, which must be the Terminated of this actor.</summary>
    public Terminated ExpectTerminated(IActorRef target, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Matching(Next<Terminated>(timeout, hint, cancellationToken), t => t.ActorRef.Equals(target), hint ?? $"Terminated {target}");

    /// <summary>Throws messages away until one matches.</summary>
    public object FishForMessage(Predicate<object> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessage<object>(isMessage, max, hint, cancellationToken);

    public T FishForMessage<T>(Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessage(isMessage, [], max, hint, cancellationToken);

    public T FishForMessage<T>(Predicate<T> isMessage, ArrayList allMessages, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(isMessage);
        ArgumentNullException.ThrowIfNull(allMessages);
        TimeSpan wait = RemainingOrDilated(max);
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            TimeSpan left = Positive(wait - TimeProvider.System.GetElapsedTime(start));
            if (!TryReceive(left, cancellationToken, out Envelope envelope))
            {
                _assertions.Fail(Escaped($"No message that was fished for came within {wait}. {hint} Thrown away: [{string.Join(", ", allMessages.Cast<object>())}]"));
            }

            if (envelope.Message is T typed && isMessage(typed))
            {
                return typed;
            }

            allMessages.Add(envelope.Message);
        }
    }

    private static TimeSpan Positive(TimeSpan left) => left > TimeSpan.Zero ? left : TimeSpan.Zero;

    private static string Escaped(FormattableString text) =>
        text.ToString(CultureInfo.InvariantCulture).Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);

    private static string Hinted(string? hint, FormattableString text) => hint is null ? Escaped(text) : $"{Escaped($"{hint}: ")}{Escaped(text)}";

    private T Next<T>(TimeSpan? timeout, string? hint, CancellationToken cancellation)
    {
        TimeSpan wait = RemainingOrDilated(timeout);
        if (!TryReceive(wait, cancellation, out Envelope envelope))
        {
            _assertions.Fail(Hinted(hint, $"Timeout {wait} while waiting for a message of type {typeof(T)}"));
        }

        return Typed<T>(envelope, hint);
    }

    private T Typed<T>(Envelope envelope, string? hint)
    {
        if (envelope.Message is T typed)
        {
            return typed;
        }

        _assertions.Fail(Hinted(hint, $"Expected a message of type {typeof(T)} but received {envelope} of type {envelope.Message?.GetType()}"));
        throw new InvalidOperationException("The assertion library did not end the test.");
    }

    private T Equal<T>(T expected, T actual, string? hint)
    {
        _assertions.AssertEqual(expected, actual, Hinted(hint, $"Expected the message {expected} but received {actual}"));
        return actual;
    }

    private T Matching<T>(T message, Predicate<T> isMessage, string? hint)
    {
        ArgumentNullException.ThrowIfNull(isMessage);
        _assertions.AssertTrue(isMessage(message), Hinted(hint, $"Received the message {message}, which does not match"));
        return message;
    }

    private T From<T>(IActorRef sender, T message, string? hint)
    {
        _assertions.AssertTrue(LastSender.Equals(sender), Hinted(hint, $"Expected {message} from {sender} but it came from {LastSender}"));
        return message;
    }
}
