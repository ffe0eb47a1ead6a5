namespace Olmo.Runtime.Actor;

/// <summary>An actor's constructor or <c>PreStart</c> threw. Default directive: stop.</summary>
public class ActorInitializationException : AkkaException
{
    public ActorInitializationException()
    {
    }

    public ActorInitializationException(string message)
        : base(message)
    {
    }

    public ActorInitializationException(string message, Exception? cause)
        : base(message, cause)
    {
    }

    public ActorInitializationException(IActorRef? actor, string message, Exception? cause = null)
        : base(actor is null ? message : $"{actor.Path}: {message}", cause) => Actor = actor;

    public IActorRef? Actor { get; set; }

    public override string ToString() => Actor is null ? base.ToString() : $"{Actor}: {base.ToString()}";
}

/// <summary>The new instance's constructor or <c>PostRestart</c> threw during a restart. Default directive: stop.</summary>
public class PostRestartException(IActorRef actor, Exception cause, Exception originalCause)
    : ActorInitializationException(actor, $"exception post restart (original reason: {originalCause?.GetType().Name ?? "none"})", cause)
{
    /// <summary>The failure that had caused the restart.</summary>
    public Exception? OriginalCause { get; } = originalCause;
}

/// <summary><c>PreRestart</c> threw; only logged.</summary>
public class PreRestartException(IActorRef actor, Exception restartException, Exception cause, object? optionalMessage)
    : ActorInitializationException(actor, $"exception in PreRestart({cause?.GetType().Name ?? "none"}, {optionalMessage?.GetType().Name ?? "none"})", restartException)
{
    public Exception RestartException { get; } = restartException;

    public object? OptionalMessage { get; } = optionalMessage;
}

/// <summary>The actor received <see cref="Kill"/>. Default directive: stop.</summary>
public class ActorKilledException : AkkaException
{
    public ActorKilledException()
    {
    }

    public ActorKilledException(string message)
        : base(message)
    {
    }
}

/// <summary>A watcher left the <see cref="Terminated"/> of a watched actor unhandled. Default directive: stop.</summary>
public class DeathPactException(IActorRef deadActor) : AkkaException($"Monitored actor [{deadActor}] terminated")
{
    public IActorRef DeadActor { get; } = deadActor;
}

/// <summary>A selection resolved to no actor in time.</summary>
public class ActorNotFoundException : AkkaException
{
    public ActorNotFoundException()
    {
    }

    public ActorNotFoundException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>An actor name is malformed, reserved or taken.</summary>
public class InvalidActorNameException : AkkaException
{
    public InvalidActorNameException(string message)
        : base(message)
    {
    }

    public InvalidActorNameException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A null message was sent.</summary>
public class InvalidMessageException : AkkaException
{
    public InvalidMessageException()
        : base("Message is null.")
    {
    }

    public InvalidMessageException(string message)
        : base(message)
    {
    }
}

/// <summary>An operation that the actor's present state forbids, such as stashing one message twice.</summary>
public class IllegalActorStateException(string message) : AkkaException(message);

/// <summary>A bounded stash is full.</summary>
public class StashOverflowException(string message, Exception? cause = null) : AkkaException(message, cause);

/// <summary>No answer to an Ask within its timeout.</summary>
public class AskTimeoutException(string message) : AkkaException(message);

/// <summary>Scheduling after the scheduler was shut down.</summary>
public sealed class SchedulerException(string message) : AkkaException(message);
