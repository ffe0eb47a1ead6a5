using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Event;

/// <summary>A message that is no loss when it cannot be delivered.</summary>
public interface IDeadLetterSuppression;

/// <summary>A message that could not be delivered.</summary>
public sealed class DeadLetter(object message, IActorRef sender, IActorRef recipient)
{
    /// <summary>The message.</summary>
    public object Message { get; } = message;

    /// <summary>Who sent it.</summary>
    public IActorRef Sender { get; } = sender;

    /// <summary>Who did not get it.</summary>
    public IActorRef Recipient { get; } = recipient;
}

/// <summary>A message that its actor did not handle.</summary>
public sealed class UnhandledMessage(object message, IActorRef sender, IActorRef recipient)
{
    /// <summary>The message.</summary>
    public object Message { get; } = message;

    /// <summary>Who sent it.</summary>
    public IActorRef Sender { get; } = sender;

    /// <summary>Who did not handle it.</summary>
    public IActorRef Recipient { get; } = recipient;
}
