using Olmo.Runtime.Actor;

namespace Olmo.Runtime.TestKit;

public abstract partial class TestKitBase
{
    private TimeSpan? _withinEnd;

    /// <summary>What is left of the enclosing Within.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public TimeSpan Remaining => _withinEnd is { } end
        ? Positive(end - ClockNow)
        : throw new InvalidOperationException("Remaining is only known inside Within.");

    public TimeSpan RemainingOrDefault => RemainingOr(Dilated(TestKitSettings.SingleExpectDefault));

    private TimeSpan ClockNow => Clock.GetElapsedTime(0);

    /// <summary>The next message, or null where none came in time.</summary>
    public object? ReceiveOne(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        TryReceive(RemainingOrDilated(max), cancellationToken, out Envelope envelope) ? envelope.Message : null;

    /// <summary>The next message, which stays in the queue; null where none came in time.</summary>
    public object? PeekOne(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        _queue.TryPeek(RemainingOrDilated(max), cancellationToken, out Envelope envelope) ? envelope.Message : null;

    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, CancellationToken cancellationToken = default) =>
        ReceiveN(numberOfMessages, RemainingOrDefault, cancellationToken);

    /// <summary>This many messages, all within <paramref name="max"/>.</summary>
    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default)
    {
        long start = TimeProvider.System.GetTimestamp();
        List<object> received = new(numberOfMessages);
        while (received.Count < numberOfMessages)
        {
            if (!TryReceive(Positive(max - TimeProvider.System.GetElapsedTime(start)), cancellationToken, out Envelope envelope))
            {
                _assertions.Fail(Escaped($"Timeout {max} while expecting {numberOfMessages} messages, got only {received.Count}: [{string.Join(", ", received)}]"));
            }

            received.Add(envelope.Message);
        }

        return received;
    }

    /// <summary>Messages as long as they are of the type and match; the first that does not stays in the queue.</summary>
    public IReadOnlyList<T> ReceiveWhile<T>(Predicate<T> shouldContinue, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, bool shouldIgnoreOtherMessageTypes = true, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(shouldContinue);
        TimeSpan wait = RemainingOrDilated(max);
        long start = TimeProvider.System.GetTimestamp();
        List<T> received = [];
        while (received.Count < msgs)
        {
            TimeSpan left = Positive(wait - TimeProvider.System.GetElapsedTime(start));
            left = idle is { } pause && pause < left ? pause : left;
            if (!_queue.TryPeek(left, cancellationToken, out Envelope envelope))
            {
                break;
            }

            if (envelope.Message is T typed)
            {
                if (!shouldContinue(typed))
                {
                    break;
                }

                received.Add(typed);
            }
            else if (!shouldIgnoreOtherMessageTypes)
            {
                break;
            }

            TryReceive(TimeSpan.Zero, cancellationToken, out _);
        }

        return received;
    }

    public void Within(TimeSpan max, Action action, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, action, null, epsilonValue, cancellationToken);

    /// <summary>Runs an action that must take at least <paramref name="min"/> and at most <paramref name="max"/>; expectations inside use what is left.</summary>
    public void Within(TimeSpan min, TimeSpan max, Action action, string? hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(action);
        Within(
            min,
            max,
            () =>
            {
                action();
                return true;
            },
            hint,
            epsilonValue,
            cancellationToken);
    }

    public T Within<T>(TimeSpan max, Func<T> function, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, function, null, epsilonValue, cancellationToken);

    public T Within<T>(TimeSpan min, TimeSpan max, Func<T> function, string? hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(function);
        cancellationToken.ThrowIfCancellationRequested();
        TimeSpan? outer = _withinEnd;
        TimeSpan start = ClockNow;
        TimeSpan most = Dilated(max);
        TimeSpan end = start + most;
        _withinEnd = outer is { } o && o < end ? o : end;
        T result;
        try
        {
            result = function();
        }
        finally
        {
            _withinEnd = outer;
        }

        TimeSpan took = ClockNow - start;
        _assertions.AssertTrue(took >= min, Hinted(hint, $"The block took {took} but should have taken at least {min}"));
        _assertions.AssertTrue(took <= most + (epsilonValue ?? TimeSpan.Zero), Hinted(hint, $"The block took {took}, more than {most}"));
        return result;
    }

    /// <summary>Repeats an assertion until it holds.</summary>
    public void AwaitAssert(Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(assertion);
        TimeSpan wait = RemainingOrDilated(duration);
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                assertion();
                return;
            }
            catch (Exception) when (TimeProvider.System.GetElapsedTime(start) < wait)
            {
                Pause(interval ?? TimeSpan.FromMilliseconds(100), cancellationToken);
            }
        }
    }

    public void AwaitCondition(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, null, null, null, cancellationToken);

    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, null, cancellationToken);

    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, string message, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, message, cancellationToken);

    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, TimeSpan? interval, string? message = null, CancellationToken cancellationToken = default)
    {
        TimeSpan wait = RemainingOrDilated(max);
        if (!AwaitConditionNoThrow(conditionIsFulfilled, wait, interval, cancellationToken))
        {
            _assertions.Fail(Hinted(message, $"Timeout {wait} while waiting for the condition"));
        }
    }

    public bool AwaitConditionNoThrow(Func<bool> conditionIsFulfilled, TimeSpan max, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(conditionIsFulfilled);
        long start = TimeProvider.System.GetTimestamp();
        while (!conditionIsFulfilled())
        {
            if (TimeProvider.System.GetElapsedTime(start) >= max)
            {
                return false;
            }

            Pause(interval ?? max / 10, cancellationToken);
        }

        return true;
    }

    public TimeSpan RemainingOrDilated(TimeSpan? duration) => duration is { } given ? Dilated(given) : RemainingOrDefault;

    /// <summary>What is left of the enclosing Within, or this. A virtual clock does not bound real waits.</summary>
    protected TimeSpan RemainingOr(TimeSpan duration) => _withinEnd is null || Virtual is not null ? duration : Remaining;

    internal bool TryReceive(TimeSpan max, CancellationToken cancellation, out Envelope envelope)
    {
        if (!_queue.TryTake(max, cancellation, out envelope))
        {
            return false;
        }

        _last = envelope;
        return true;
    }

    /// <summary>Real time between two looks; where the clock is virtual the actors settle first.</summary>
    private void Pause(TimeSpan interval, CancellationToken cancellation)
    {
        Virtual?.Settle();
        cancellation.WaitHandle.WaitOne(interval);
        cancellation.ThrowIfCancellationRequested();
    }
}
