namespace Olmo.Runtime.Actor;

/// <summary>Requests with one answer.</summary>
public static class Futures
{
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout = null) => self.Ask<object>(message, timeout, CancellationToken.None);

    public static Task<object> Ask(this ICanTell self, object message, CancellationToken cancellationToken) => self.Ask<object>(message, null, cancellationToken);

    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<object>(message, timeout, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) => self.Ask<T>(message, timeout, CancellationToken.None);

    public static Task<T> Ask<T>(this ICanTell self, object message, CancellationToken cancellationToken) => self.Ask<T>(message, null, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<T>(_ => message, timeout, cancellationToken);

    /// <summary>
    /// Sends a message with a temporary ref as sender and returns the first answer. A <see cref="Status.Failure"/> throws its cause
    /// (unless <typeparamref name="T"/> is object, which returns it); an answer of another type throws <see cref="ArgumentException"/>.
    /// </summary>
    /// <param name="self">The target.</param>
    /// <param name="messageFactory">Makes the message, given the ref that waits for the answer.</param>
    /// <param name="timeout">Longest wait; null for <c>akka.actor.ask-timeout</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AskTimeoutException">No answer in time.</exception>
    public static Task<T> Ask<T>(this ICanTell self, Func<IActorRef, object> messageFactory, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        ArgumentNullException.ThrowIfNull(messageFactory);
        ActorSystemImpl system = SystemOf(self)
            ?? throw new ArgumentException("The target belongs to no actor system, so nothing can answer.", nameof(self));
        TimeSpan wait = timeout ?? system.DefaultAskTimeout;
        if (wait < TimeSpan.Zero && wait != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), wait, "A timeout is positive or infinite.");
        }

        FutureActorRef<T> future = FutureActorRef<T>.Start(system, wait, cancellationToken);
        self.Tell(messageFactory(future), future);
        return future.Answer;
    }

    private static ActorSystemImpl? SystemOf(ICanTell target) => target switch
    {
        IInternalActorRef known => known.System ?? ActorContextSlot.Current?.SystemImpl,
        ActorSelection selection => selection.System ?? ActorContextSlot.Current?.SystemImpl,
        _ => ActorContextSlot.Current?.SystemImpl,
    };
}
