using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Event;

/// <summary>A message whose loss is expected, so that it is not logged.</summary>
public interface IDeadLetterSuppression;

/// <summary>An event about a message that nobody handled.</summary>
public abstract class AllDeadLetters : IWrappedMessage
{
    protected AllDeadLetters(object message, IActorRef sender, IActorRef recipient)
    {
        Message = message;
        Sender = sender;
        Recipient = recipient;
    }

    public object Message { get; }

    public IActorRef Sender { get; }

    public IActorRef Recipient { get; }

    public override string ToString() => $"{GetType().Name} from {Sender} to {Recipient}: <{Message}>";
}

/// <summary>The receiver has ended or never was.</summary>
public sealed class DeadLetter(object message, IActorRef sender, IActorRef recipient) : AllDeadLetters(message, sender, recipient);

/// <summary>As <see cref="DeadLetter"/>, of a message whose loss is expected.</summary>
public sealed class SuppressedDeadLetter(IDeadLetterSuppression message, IActorRef sender, IActorRef recipient) : AllDeadLetters(message, sender, recipient);

/// <summary>A message thrown away on purpose, for example by a full queue.</summary>
public sealed class Dropped(object message, string reason, IActorRef sender, IActorRef recipient) : AllDeadLetters(message, sender, recipient)
{
    public Dropped(object message, string reason, IActorRef recipient)
        : this(message, reason, ActorRefs.Nobody, recipient)
    {
    }

    public string Reason { get; } = reason;
}

/// <summary>The receiver had no handler for it.</summary>
public sealed class UnhandledMessage(object message, IActorRef sender, IActorRef recipient) : AllDeadLetters(message, sender, recipient);

/// <summary>Logs dead letters at info: the first few, then silence for a while.</summary>
internal sealed class DeadLetterListener : ReceiveActor
{
    private long _count;
    private TimeSpan? _silentUntil;

    public DeadLetterListener()
    {
        string limitText = Context.System.Settings.Config.GetString("akka.log-dead-letters") ?? "off";
        long limit = limitText switch
        {
            "off" or "false" => 0,
            "on" or "true" => long.MaxValue,
            _ => Context.System.Settings.Config.GetLong("akka.log-dead-letters"),
        };
        TimeSpan silence = Context.System.Settings.Config.GetTimeSpan("akka.log-dead-letters-suspend-duration");
        ILoggingAdapter log = Context.GetLogger();
        Receive<DeadLetter>(letter =>
        {
            TimeSpan now = Context.System.Scheduler.MonotonicClock;
            if (_silentUntil is { } until)
            {
                _count++;
                if (silence == Timeout.InfiniteTimeSpan || now < until)
                {
                    return;
                }

                log.Info("{0} dead letters encountered, {1} of them unlogged", _count, _count - limit);
                _silentUntil = null;
                _count = 0;
            }

            if (limit == 0)
            {
                return;
            }

            _count++;
            log.Info("Message [{0}] from {1} to {2} was not delivered. [{3}] dead letters encountered.", letter.Message.GetType().Name, letter.Sender, letter.Recipient, _count);
            if (_count >= limit)
            {
                _silentUntil = now + silence;
            }
        });
    }

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));
}
