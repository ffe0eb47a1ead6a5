namespace Olmo.Runtime.Actor;

/// <summary>Asks.</summary>
public static class Futures
{
    /// <summary>Sends a message and waits for one answer.</summary>
    /// <param name="self">Who is asked.</param>
    /// <param name="message">The question.</param>
    /// <param name="timeout">How long to wait; null: for ever.</param>
    /// <returns>The answer; a <see cref="Status.Failure"/> becomes its exception.</returns>
    /// <exception cref="AskTimeoutException">No answer came in time.</exception>
    /// <exception cref="ArgumentException">The answer is no <typeparamref name="T"/>.</exception>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(self);
        if (self is not LocalActorRef { Cell.System: var system })
        {
            throw new ArgumentException("Only an actor of a system can be asked.", nameof(self));
        }

        FutureActorRef future = new(system.TempPath());
        self.Tell(message, future);
        return future.Result<T>(timeout, system.Time, self, message);
    }
}

/// <summary>Sends without a sender, or with the actor whose turn it is.</summary>
public static class ActorRefImplicitSenderExtensions
{
    /// <summary>Sends a message; the sender is the actor whose turn it is on this thread, if any.</summary>
    public static void Tell(this IActorRef receiver, object message)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        receiver.Tell(message, ActorCell.Current?.Self);
    }

    /// <summary>Sends a message on with its sender.</summary>
    public static void Forward(this IActorRef receiver, object message)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        receiver.Tell(message, ActorCell.Current?.Sender);
    }
}
