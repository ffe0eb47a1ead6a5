using Olmo.Runtime.Actor;
using Olmo.Runtime.Event;
using Olmo.TestKit.VirtualTime;

namespace Olmo.Runtime.TestKit;

/// <summary>Counts matching events through a subscriber of its own, at the moment of publishing.</summary>
internal sealed class EventFilterApplier(TestKitBase testkit, ActorSystem system, IReadOnlyList<EventMatch> matches) : IEventFilterApplier
{
    public EventFilterFactory And => new(testkit, system, matches);

    public void Expect(int expectedCount, Action action, CancellationToken cancellationToken = default) =>
        Expect(expectedCount, Leeway, action, cancellationToken);

    public void Expect(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(action);
        Counted(
            expectedCount,
            timeout,
            () =>
            {
                action();
                return true;
            },
            cancellationToken);
    }

    public T Expect<T>(int expectedCount, Func<T> func, CancellationToken cancellationToken = default) => Counted(expectedCount, Leeway, func, cancellationToken);

    public void ExpectOne(Action action, CancellationToken cancellationToken = default) => Expect(1, action, cancellationToken);

    public void ExpectOne(TimeSpan timeout, Action action, CancellationToken cancellationToken = default) => Expect(1, timeout, action, cancellationToken);

    public T ExpectOne<T>(Func<T> func, CancellationToken cancellationToken = default) => Expect(1, func, cancellationToken);

    public void Mute(Action action, CancellationToken cancellationToken = default)
    {
        using IUnmutableFilter muted = Mute();
        action();
    }

    public T Mute<T>(Func<T> func, CancellationToken cancellationToken = default)
    {
        using IUnmutableFilter muted = Mute();
        return func();
    }

    public IUnmutableFilter Mute() => new Muting((ActorSystemImpl)system, Matches);

    private TimeSpan Leeway => testkit.Dilated(testkit.TestKitSettings.TestEventFilterLeeway);

    private bool Matches(object published) => matches.Any(m => m.Channel.IsInstanceOfType(published) && m.Matches(published));

    private T Counted<T>(int expected, TimeSpan timeout, Func<T> func, CancellationToken cancellation)
    {
        using Counter counter = new((ActorSystemImpl)system, Matches, expected);
        foreach (Type channel in matches.Select(m => m.Channel).Distinct())
        {
            system.EventStream.Subscribe(counter, channel);
        }

        try
        {
            T result;
            using (Mute())
            {
                result = func();
                // The clock of the system that is listened to: it need not be the kit's own.
                VirtualTimeProvider? clock = ((ActorSystemImpl)system).Options.Time as VirtualTimeProvider;
                clock?.Settle();
                counter.Wait(expected == 0 || clock is not null ? TimeSpan.Zero : timeout, cancellation);
            }

            testkit.Check.AssertEqual(expected, counter.Count, $"Expected {expected} matching events within {timeout}, received {counter.Count}");
            return result;
        }
        finally
        {
            system.EventStream.Unsubscribe(counter);
        }
    }

    /// <summary>A subscriber without a mailbox: it counts on the publishing thread.</summary>
    private sealed class Counter : MinimalActorRef, IDisposable
    {
        private readonly Func<object, bool> _matches;
        private readonly CountdownEvent _left;
        private int _count;

        public Counter(ActorSystemImpl system, Func<object, bool> matches, int expected)
            : base(system, system.NextTemporaryPath())
        {
            _matches = matches;
            _left = new CountdownEvent(expected);
        }

        public int Count => Volatile.Read(ref _count);

        public void Wait(TimeSpan timeout, CancellationToken cancellation) => _left.Wait(timeout, cancellation);

        public void Dispose() => _left.Dispose();

        public override void SendSystemMessage(Dispatch.SystemMessage message)
        {
        }

        protected override void Deliver(object message, IActorRef? sender)
        {
            if (_matches(message))
            {
                if (Interlocked.Increment(ref _count) <= _left.InitialCount)
                {
                    _left.Signal();
                }
            }
        }
    }

    private sealed class Muting : IUnmutableFilter
    {
        private readonly ActorSystemImpl _system;
        private readonly Func<LogEvent, bool>? _before;

        public Muting(ActorSystemImpl system, Func<object, bool> matches)
        {
            _system = system;
            _before = system.Muted;
            Func<LogEvent, bool>? before = _before;
            system.Muted = e => matches(e) || before?.Invoke(e) == true;
        }

        public void Unmute() => _system.Muted = _before;

        public void Dispose() => Unmute();
    }
}
