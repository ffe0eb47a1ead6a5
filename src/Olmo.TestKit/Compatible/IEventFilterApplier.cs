namespace Olmo.Runtime.TestKit;

/// <summary>What to do with events that match.</summary>
public interface IEventFilterApplier
{
    /// <summary>Further filters, any of which may match.</summary>
    EventFilterFactory And { get; }

    /// <summary>Runs an action during which, or within <c>akka.test.filter-leeway</c> after, exactly this many events come.</summary>
    void Expect(int expectedCount, Action action, CancellationToken cancellationToken = default);

    void Expect(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default);

    T Expect<T>(int expectedCount, Func<T> func, CancellationToken cancellationToken = default);

    void ExpectOne(Action action, CancellationToken cancellationToken = default);

    void ExpectOne(TimeSpan timeout, Action action, CancellationToken cancellationToken = default);

    T ExpectOne<T>(Func<T> func, CancellationToken cancellationToken = default);

    /// <summary>Keeps matching log events out of the log while the action runs.</summary>
    void Mute(Action action, CancellationToken cancellationToken = default);

    T Mute<T>(Func<T> func, CancellationToken cancellationToken = default);

    /// <summary>Keeps matching log events out of the log until unmuted.</summary>
    IUnmutableFilter Mute();
}

/// <summary>Ends a muting.</summary>
public interface IUnmutableFilter : IDisposable
{
    void Unmute();
}
