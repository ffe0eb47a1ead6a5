namespace Olmo.Runtime.Actor;

/// <summary>Makes actors.</summary>
public interface IActorRefFactory
{
    /// <summary>Makes an actor; without a name it gets one.</summary>
    /// <exception cref="InvalidActorNameException">The name is not allowed or taken.</exception>
    IActorRef ActorOf(Props props, string? name = null);
}

/// <summary>Watches actors.</summary>
public interface ICanWatch
{
    /// <summary>Asks for <see cref="Terminated"/> once the actor is gone.</summary>
    IActorRef Watch(IActorRef subject);

    /// <summary>Takes that back; a notice that is queued already is dropped.</summary>
    IActorRef Unwatch(IActorRef subject);
}

/// <summary>What an actor sees of the runtime; only valid on its own turn.</summary>
public interface IActorContext : IActorRefFactory, ICanWatch
{
    /// <summary>This actor.</summary>
    IActorRef Self { get; }

    /// <summary>Who sent the message that is being handled; dead letters where nobody did.</summary>
    IActorRef Sender { get; }

    /// <summary>The actor that supervises this one.</summary>
    IActorRef Parent { get; }

    /// <summary>What this actor is made from.</summary>
    Props Props { get; }

    /// <summary>The system.</summary>
    ActorSystem System { get; }

    /// <summary>Receive timeout, or null.</summary>
    TimeSpan? ReceiveTimeout { get; }

    /// <summary>Replaces the behaviour on top.</summary>
    void Become(Receive receive);

    /// <summary>Pushes a behaviour.</summary>
    void BecomeStacked(Receive receive);

    /// <summary>Pops a behaviour.</summary>
    void UnbecomeStacked();

    /// <summary>A child by name, or <see cref="ActorRefs.Nobody"/>.</summary>
    IActorRef Child(string name);

    /// <summary>Every child.</summary>
    IEnumerable<IActorRef> GetChildren();

    /// <summary>Sends <see cref="Actor.ReceiveTimeout"/> whenever nothing came for that long; null switches it off.</summary>
    void SetReceiveTimeout(TimeSpan? timeout);

    /// <summary>Stops an actor once it has handled its current message.</summary>
    void Stop(IActorRef child);
}
