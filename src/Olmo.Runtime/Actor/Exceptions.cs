namespace Olmo.Runtime.Actor;

/// <summary>Base of the runtime's own exceptions.</summary>
public abstract class AkkaException : Exception
{
    protected AkkaException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}

/// <summary>A message was null.</summary>
public sealed class InvalidMessageException(string message) : AkkaException(message);

/// <summary>A name of an actor is not allowed or is taken.</summary>
public sealed class InvalidActorNameException(string message) : AkkaException(message);

/// <summary>A constructor, PreStart or PostRestart of an actor threw; by default its parent stops it.</summary>
public class ActorInitializationException(IActorRef? actor, string message, Exception? cause = null) : AkkaException(message, cause)
{
    /// <summary>The actor.</summary>
    public IActorRef? Actor { get; } = actor;
}

/// <summary>A restart of an actor threw.</summary>
public sealed class PostRestartException(IActorRef actor, Exception cause, Exception originalCause)
    : ActorInitializationException(actor, $"Exception post restart ({originalCause.GetType().Name})", cause)
{
    /// <summary>What the restart was for.</summary>
    public Exception OriginalCause { get; } = originalCause;
}

/// <summary>Somebody sent Kill.</summary>
public sealed class ActorKilledException(string message) : AkkaException(message);

/// <summary>A watched actor terminated and the watcher did not handle that.</summary>
public sealed class DeathPactException(IActorRef deadActor) : AkkaException($"Monitored actor [{deadActor}] terminated")
{
    /// <summary>The actor that terminated.</summary>
    public IActorRef DeadActor { get; } = deadActor;
}

/// <summary>An Ask got no answer in time.</summary>
public sealed class AskTimeoutException(string message) : AkkaException(message);

/// <summary>An operation is not allowed in the actor's state, such as stashing one message twice.</summary>
public sealed class IllegalActorStateException(string message) : AkkaException(message);
