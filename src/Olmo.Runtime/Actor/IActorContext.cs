namespace Olmo.Runtime.Actor;

/// <summary>Makes actors below itself.</summary>
public interface IActorRefFactory
{
    /// <param name="props">The recipe.</param>
    /// <param name="name">A name that is free among the siblings, or null for a generated one.</param>
    /// <exception cref="InvalidActorNameException">The name is malformed or taken.</exception>
    /// <exception cref="InvalidOperationException">The parent is stopping.</exception>
    IActorRef ActorOf(Props props, string? name = null);

    ActorSelection ActorSelection(ActorPath actorPath);

    ActorSelection ActorSelection(string actorPath);
}

/// <summary>Watches other actors' ends.</summary>
public interface ICanWatch
{
    /// <summary>Asks for one <see cref="Terminated"/> when the subject ends. A second watch changes nothing.</summary>
    IActorRef Watch(IActorRef subject);

    /// <summary>As <see cref="Watch"/>, with a message of one's own in place of Terminated.</summary>
    /// <exception cref="InvalidOperationException">The subject is already watched with another message.</exception>
    IActorRef WatchWith(IActorRef subject, object message);

    /// <summary>Takes the watch back: no Terminated arrives any more, not even one that is already queued.</summary>
    IActorRef Unwatch(IActorRef subject);
}

/// <summary>The running actor's view of its system. It may only be used while the actor handles a message.</summary>
public interface IActorContext : IActorRefFactory, ICanWatch
{
    IActorRef Self { get; }

    /// <summary>Sender of the message being handled; the dead letters where there is none.</summary>
    IActorRef Sender { get; }

    IActorRef Parent { get; }

    ActorSystem System { get; }

    Props Props { get; }

    TimeSpan? ReceiveTimeout { get; }

    /// <summary>Replaces the top behaviour.</summary>
    void Become(Receive receive);

    /// <summary>Pushes a behaviour, which <see cref="UnbecomeStacked"/> takes off.</summary>
    void BecomeStacked(Receive receive);

    void UnbecomeStacked();

    /// <summary>The child of this name, or <see cref="ActorRefs.Nobody"/>.</summary>
    IActorRef Child(string name);

    IEnumerable<IActorRef> GetChildren();

    /// <summary>Sends <see cref="Actor.ReceiveTimeout"/> to oneself whenever no influencing message has come for this long; null ends it.</summary>
    void SetReceiveTimeout(TimeSpan? timeout);

    /// <summary>Stops an actor after the message that it is handling.</summary>
    void Stop(IActorRef child);
}

/// <summary>The context with behaviours that need not say whether they handled the message.</summary>
public interface IUntypedActorContext : IActorContext
{
    void Become(UntypedReceive receive);

    void BecomeStacked(UntypedReceive receive);
}
