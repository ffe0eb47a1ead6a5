namespace Olmo.Runtime.Actor;

/// <summary>Reference of an actor of this process.</summary>
internal sealed class LocalActorRef(ActorPath path, ActorCell cell) : InternalActorRef(path)
{
    public ActorCell Cell { get; } = cell;

    public override void Tell(object message, IActorRef? sender)
    {
        if (message is null)
        {
            throw new InvalidMessageException("Message is null.");
        }

        Cell.Enqueue(new Envelope(message, sender ?? Cell.System.DeadLetters));
    }

    public override void SendSystem(SystemMessage message) => Cell.EnqueueSystem(message);
}
