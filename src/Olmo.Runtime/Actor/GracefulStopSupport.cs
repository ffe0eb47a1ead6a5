using Olmo.Runtime.Dispatch;

namespace Olmo.Runtime.Actor;

public static class GracefulStopSupport
{
    /// <summary>Sends <see cref="PoisonPill"/> and waits for the end.</summary>
    /// <exception cref="TaskCanceledException">The actor did not end in time.</exception>
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout) => target.GracefulStop(timeout, PoisonPill.Instance);

    /// <summary>Sends a message that should make the actor stop itself, and waits for the end.</summary>
    public static async Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout, object stopMessage)
    {
        ArgumentNullException.ThrowIfNull(target);
        IInternalActorRef subject = (IInternalActorRef)target;
        if (subject.System is not { } system)
        {
            return true;
        }

        FutureActorRef<Terminated> end = FutureActorRef<Terminated>.Start(system, timeout, CancellationToken.None);
        subject.SendSystemMessage(new SystemMessage.Watch(subject, end));
        target.Tell(stopMessage, ActorRefs.NoSender);
        try
        {
            await end.Answer.ConfigureAwait(true);
            return true;
        }
        catch (AskTimeoutException late)
        {
            subject.SendSystemMessage(new SystemMessage.Unwatch(subject, end));
            throw new TaskCanceledException($"{target} did not stop within {timeout}.", late);
        }
    }
}

public static class WatchAsyncSupport
{
    /// <summary>Ends with true when the target has ended.</summary>
    public static async Task<bool> WatchAsync(this IActorRef target, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        IInternalActorRef subject = (IInternalActorRef)target;
        if (subject.System is not { } system)
        {
            return true;
        }

        FutureActorRef<Terminated> end = FutureActorRef<Terminated>.Start(system, Timeout.InfiniteTimeSpan, token);
        subject.SendSystemMessage(new SystemMessage.Watch(subject, end));
        try
        {
            await end.Answer.ConfigureAwait(true);
            return true;
        }
        catch (OperationCanceledException)
        {
            subject.SendSystemMessage(new SystemMessage.Unwatch(subject, end));
            throw;
        }
    }
}
