namespace Olmo.Runtime.Actor;

/// <summary>Something that messages can be sent to.</summary>
public interface ICanTell
{
    /// <summary>Sends without waiting, at most once. Messages between one sender and one receiver keep their order.</summary>
    /// <exception cref="InvalidMessageException">The message is null.</exception>
    void Tell(object message, IActorRef? sender);
}

/// <summary>
/// A handle of one actor: two are equal where path and uid are, so a re-created actor is another one. It survives restarts of its actor.
/// </summary>
public interface IActorRef : ICanTell, IEquatable<IActorRef>, IComparable<IActorRef>, IComparable
{
    ActorPath Path { get; }
}

/// <summary>What the runtime needs from every ref beyond sending user messages.</summary>
internal interface IInternalActorRef : IActorRef
{
    /// <summary>The owning system; null only for <see cref="ActorRefs.Nobody"/>.</summary>
    ActorSystemImpl? System { get; }

    IInternalActorRef Parent { get; }

    bool IsTerminated { get; }

    /// <summary>Walks down (and up by <c>..</c>); <see cref="ActorRefs.Nobody"/> where nothing is there.</summary>
    IInternalActorRef GetChild(ReadOnlySpan<string> names);

    void SendSystemMessage(Dispatch.SystemMessage message);
}
