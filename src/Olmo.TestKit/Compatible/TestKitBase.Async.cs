using Olmo.Runtime.Actor;

namespace Olmo.Runtime.TestKit;

/// <summary>Expectations that give the thread back while they wait.</summary>
public abstract partial class TestKitBase
{
    public async ValueTask<T> ExpectMsgAsync<T>(TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default)
    {
        TimeSpan wait = RemainingOrDilated(duration);
        (bool taken, Envelope envelope) = await TryReceiveInnerAsync(wait, cancellationToken).ConfigureAwait(true);
        if (!taken)
        {
            _assertions.Fail(Hinted(hint, $"Timeout {wait} while waiting for a message of type {typeof(T)}"));
        }

        return Typed<T>(envelope, hint);
    }

    public async ValueTask<T> ExpectMsgAsync<T>(T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Equal(message, await ExpectMsgAsync<T>(timeout, hint, cancellationToken).ConfigureAwait(true), hint);

    public async ValueTask<T> ExpectMsgAsync<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Matching(await ExpectMsgAsync<T>(timeout, hint, cancellationToken).ConfigureAwait(true), isMessage, hint);

    public async ValueTask<T> ExpectMsgAsync<T>(Action<T> assert, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(assert);
        T message = await ExpectMsgAsync<T>(timeout, hint, cancellationToken).ConfigureAwait(true);
        assert(message);
        return message;
    }

    public async ValueTask<T> ExpectMsgFromAsync<T>(IActorRef sender, TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        From(sender, await ExpectMsgAsync<T>(duration, hint, cancellationToken).ConfigureAwait(true), hint);

    public async ValueTask<Terminated> ExpectTerminatedAsync(IActorRef target, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Matching(await ExpectMsgAsync<Terminated>(timeout, hint, cancellationToken).ConfigureAwait(true), t => t.ActorRef.Equals(target), hint ?? $"Terminated {target}");

    public ValueTask ExpectNoMsgAsync(CancellationToken cancellationToken = default) => ExpectNoMsgAsync(RemainingOrDefault, cancellationToken);

    public ValueTask ExpectNoMsgAsync(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNoMsgAsync(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    public async ValueTask ExpectNoMsgAsync(TimeSpan duration, CancellationToken cancellationToken = default)
    {
        TimeSpan wait = duration;
        if (Virtual is { } clock)
        {
            clock.AdvanceAndSettle(duration);
            wait = TimeSpan.Zero;
        }

        (bool taken, Envelope envelope) = await TryReceiveInnerAsync(wait, cancellationToken).ConfigureAwait(true);
        if (taken)
        {
            _assertions.Fail(Escaped($"Expected no message for {duration} but received {envelope}"));
        }
    }

    public async ValueTask<object?> ReceiveOneAsync(TimeSpan? max = null, CancellationToken cancellationToken = default)
    {
        (bool taken, Envelope envelope) = await TryReceiveInnerAsync(RemainingOrDilated(max), cancellationToken).ConfigureAwait(true);
        return taken ? envelope.Message : null;
    }

    public async Task AwaitAssertAsync(Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
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
                Virtual?.Settle();
            }

            await Task.Delay(interval ?? TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken).ConfigureAwait(true);
        }
    }

    private async ValueTask<(bool Taken, Envelope Envelope)> TryReceiveInnerAsync(TimeSpan max, CancellationToken cancellation)
    {
        (bool taken, Envelope envelope) = await _queue.TryTakeAsync(max, cancellation).ConfigureAwait(true);
        if (taken)
        {
            _last = envelope;
        }

        return (taken, envelope);
    }
}
