using Olmo.Runtime.Event;

namespace Olmo.Runtime.Actor;

/// <summary>Turns what could not be delivered into events.</summary>
internal sealed class DeadLetterActorRef(ActorSystemImpl system, ActorPath path) : MinimalActorRef(system, path)
{
    /// <summary>Publishes one undeliverable message; an <see cref="Identify"/> is answered with "nobody" instead.</summary>
    public void Publish(object message, IActorRef? sender, IActorRef recipient)
    {
        switch (message)
        {
            case Identify identify:
                (sender ?? this).Tell(new ActorIdentity(identify.MessageId, null), recipient);
                break;
            case AllDeadLetters:
                // A subscriber to dead letters that has ended: publishing again would come back here without end.
                System.Instruments.DeadLetter("subscriber-ended");
                break;
            case IDeadLetterSuppression suppressed:
                System.Instruments.DeadLetter("suppressed");
                System.EventStream.Publish(new SuppressedDeadLetter(suppressed, sender ?? this, recipient));
                break;
            default:
                System.Instruments.DeadLetter("undeliverable");
                System.EventStream.Publish(new DeadLetter(message, sender ?? this, recipient));
                break;
        }
    }

    protected override void Deliver(object message, IActorRef? sender)
    {
        switch (message)
        {
            case ActorIdentity:
                break;
            case AllDeadLetters made:
                System.Instruments.DeadLetter(made.GetType().Name);
                System.EventStream.Publish(made);
                break;
            default:
                Publish(message, sender, this);
                break;
        }
    }
}
