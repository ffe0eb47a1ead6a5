using Olmo.Runtime.Event;

namespace Olmo.Runtime.Actor;

/// <summary>A message that the cell itself understands.</summary>
internal interface IAutoReceivedMessage;

/// <summary>A message that a remote peer may not send to just any actor.</summary>
public interface IPossiblyHarmful;

/// <summary>A message that does not restart the receive timeout.</summary>
public interface INotInfluenceReceiveTimeout;

/// <summary>A message that stays inside one process, so that the serialization check skips it.</summary>
public interface INoSerializationVerificationNeeded;

/// <summary>A message that carries another.</summary>
public interface IWrappedMessage
{
    object Message { get; }
}

/// <summary>Stops the receiver when its turn in the queue comes.</summary>
public sealed class PoisonPill : IAutoReceivedMessage, IPossiblyHarmful, IDeadLetterSuppression
{
    private PoisonPill()
    {
    }

    public static PoisonPill Instance { get; } = new();

    public override string ToString() => "<PoisonPill>";
}

/// <summary>Makes the receiver throw <see cref="ActorKilledException"/>.</summary>
public sealed class Kill : IAutoReceivedMessage
{
    private Kill()
    {
    }

    public static Kill Instance { get; } = new();

    public override string ToString() => "<Kill>";
}

/// <summary>Asks for an <see cref="ActorIdentity"/> with the same id.</summary>
public sealed class Identify(object messageId) : IAutoReceivedMessage, INotInfluenceReceiveTimeout
{
    public object MessageId { get; } = messageId;

    public override string ToString() => $"<Identify>: {MessageId}";
}

/// <summary>Answer to <see cref="Identify"/>; the subject is null where no such actor lives.</summary>
public sealed class ActorIdentity(object messageId, IActorRef? subject)
{
    public object MessageId { get; } = messageId;

    public IActorRef? Subject { get; } = subject;

    public override string ToString() => $"<ActorIdentity>: {MessageId} - {Subject}";
}

/// <summary>A watched actor is gone. Exactly one arrives for each watch, after everything that the local actor had sent.</summary>
public sealed class Terminated(IActorRef actorRef, bool existenceConfirmed, bool addressTerminated)
    : IAutoReceivedMessage, IPossiblyHarmful, IDeadLetterSuppression, INoSerializationVerificationNeeded, IEquatable<Terminated>
{
    public IActorRef ActorRef { get; } = actorRef;

    /// <summary>False where the actor was already dead, or never was, when the watch reached it.</summary>
    public bool ExistenceConfirmed { get; } = existenceConfirmed;

    /// <summary>True where its node was declared dead.</summary>
    public bool AddressTerminated { get; } = addressTerminated;

    public bool Equals(Terminated? other) => other is not null && ActorRef.Equals(other.ActorRef)
        && ExistenceConfirmed == other.ExistenceConfirmed && AddressTerminated == other.AddressTerminated;

    public override bool Equals(object? obj) => Equals(obj as Terminated);

    public override int GetHashCode() => ActorRef.GetHashCode();

    public override string ToString() =>
        $"<Terminated>: {ActorRef} - ExistenceConfirmed={ExistenceConfirmed}, AddressTerminated={AddressTerminated}";
}

/// <summary>No user message arrived within the receive timeout.</summary>
public class ReceiveTimeout : IPossiblyHarmful
{
    private ReceiveTimeout()
    {
    }

    public static ReceiveTimeout Instance { get; } = new();
}

/// <summary>Outcome of a request as a message.</summary>
public abstract class Status
{
    public sealed class Success(object? status) : Status
    {
        public static readonly Success Instance = new(null);

        public readonly object? Status = status;

        public override string ToString() => $"Success: {Status}";
    }

    public sealed class Failure(Exception cause, object? state) : Status
    {
        public readonly Exception Cause = cause;

        public readonly object? State = state;

        public Failure(Exception cause)
            : this(cause, null)
        {
        }

        public override string ToString() => State is null ? $"Failure: {Cause}" : $"Failure[{State}]: {Cause}";
    }
}

/// <summary>A user message with its sender.</summary>
public readonly struct Envelope
{
    public Envelope(object message, IActorRef? sender)
    {
        Message = message;
        Sender = sender;
    }

    public object Message { get; }

    public IActorRef? Sender { get; }

    public override string ToString() => $"<{Message ?? "null"}> from {Sender?.ToString() ?? "NoSender"}";
}

/// <summary>A behaviour: returns whether it handled the message.</summary>
public delegate bool Receive(object message);

/// <summary>A behaviour that handles whatever it is given.</summary>
public delegate void UntypedReceive(object message);
