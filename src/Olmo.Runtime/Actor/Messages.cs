namespace Olmo.Runtime.Actor;

/// <summary>A message that acts on the actor rather than being handled by it.</summary>
public interface IAutoReceivedMessage;

/// <summary>A message that restarts no receive timeout.</summary>
public interface INotInfluenceReceiveTimeout;

/// <summary>Stops the actor once the messages before it are handled.</summary>
public sealed class PoisonPill : IAutoReceivedMessage, Event.IDeadLetterSuppression
{
    private PoisonPill()
    {
    }

    /// <summary>The message.</summary>
    public static PoisonPill Instance { get; } = new();
}

/// <summary>Makes the actor throw <see cref="ActorKilledException"/>.</summary>
public sealed class Kill : IAutoReceivedMessage
{
    private Kill()
    {
    }

    /// <summary>The message.</summary>
    public static Kill Instance { get; } = new();
}

/// <summary>A watched actor has terminated.</summary>
public sealed class Terminated(IActorRef actorRef, bool existenceConfirmed, bool addressTerminated) : IAutoReceivedMessage, Event.IDeadLetterSuppression
{
    /// <summary>The actor.</summary>
    public IActorRef ActorRef { get; } = actorRef;

    /// <summary>Whether it is known to have existed.</summary>
    public bool ExistenceConfirmed { get; } = existenceConfirmed;

    /// <summary>Whether its whole node was declared dead.</summary>
    public bool AddressTerminated { get; } = addressTerminated;
}

/// <summary>Nothing came for as long as the receive timeout says.</summary>
public sealed class ReceiveTimeout
{
    private ReceiveTimeout()
    {
    }

    /// <summary>The message.</summary>
    public static ReceiveTimeout Instance { get; } = new();
}

/// <summary>Outcomes as messages.</summary>
public abstract class Status
{
    /// <summary>It worked.</summary>
    public sealed class Success(object? status) : Status
    {
        /// <summary>What came out.</summary>
        public readonly object? Status = status;
    }

    /// <summary>It failed.</summary>
    public sealed class Failure(Exception cause, object? state = null) : Status
    {
        /// <summary>Why.</summary>
        public readonly Exception Cause = cause;

        /// <summary>What the caller gave along.</summary>
        public readonly object? State = state;
    }
}

/// <summary>Handles a message; false if it does not.</summary>
public delegate bool Receive(object message);
