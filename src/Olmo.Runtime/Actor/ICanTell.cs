namespace Olmo.Runtime.Actor;

/// <summary>Something that a message can be sent to.</summary>
public interface ICanTell
{
    /// <summary>Sends a message; at most once, in order for each pair of sender and receiver.</summary>
    /// <exception cref="InvalidMessageException">The message is null.</exception>
    void Tell(object message, IActorRef? sender);
}
