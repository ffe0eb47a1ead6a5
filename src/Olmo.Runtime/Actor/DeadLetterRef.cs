using Olmo.Runtime.Event;

namespace Olmo.Runtime.Actor;

/// <summary>Publishes what cannot be delivered; logs the first ten.</summary>
internal sealed class DeadLetterRef(ActorPath path, EventStream events, ILoggingAdapter log) : InternalActorRef(path)
{
    private int _logged;

    public override void Tell(object message, IActorRef? sender)
    {
        if (message is null)
        {
            throw new InvalidMessageException("Message is null.");
        }

        DeadLetter letter = message as DeadLetter ?? new DeadLetter(message, sender ?? this, this);
        if (letter.Message is IDeadLetterSuppression)
        {
            return;
        }

        events.Publish(letter);
        if (Interlocked.Increment(ref _logged) <= 10)
        {
            log.Info("{0} from {1} to {2} was not delivered", letter.Message.GetType().Name, letter.Sender, letter.Recipient);
        }
    }

    public override void SendSystem(SystemMessage message)
    {
        if (message is SystemMessage.Watch watch)
        {
            watch.Watcher.SendSystem(new SystemMessage.DeathNotice(this, false));
        }
    }
}
