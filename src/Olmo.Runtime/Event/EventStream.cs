using System.Collections.Concurrent;
using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Event;

/// <summary>
/// Events to subscribers by type: a subscription to a class or interface gets every event that can be assigned to it, once. Subscribers
/// that end are taken off.
/// </summary>
public class EventStream
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<Type, IActorRef[]> _receivers = new();
    private readonly List<(IActorRef Subscriber, Type Channel)> _subscriptions = [];
    private IActorRef? _unsubscriber;

    internal EventStream(TimeProvider time) => _time = time;

    /// <summary>False where the subscriber already gets that type.</summary>
    public bool Subscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(channel);
        lock (_gate)
        {
            if (_subscriptions.Exists(s => s.Subscriber.Equals(subscriber) && s.Channel == channel))
            {
                return false;
            }

            _subscriptions.Add((subscriber, channel));
            _receivers.Clear();
        }

        _unsubscriber?.Tell(new Unsubscriber.Follow(subscriber), ActorRefs.NoSender);
        return true;
    }

    /// <summary>Ends one subscription; false where there is none.</summary>
    public bool Unsubscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(channel);
        return Remove(s => s.Subscriber.Equals(subscriber) && s.Channel == channel);
    }

    /// <summary>Takes everything away from a subscriber; false where it had nothing.</summary>
    public bool Unsubscribe(IActorRef subscriber)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        return Remove(s => s.Subscriber.Equals(subscriber));
    }

    public void Publish(object @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        IActorRef[] receivers = ReceiversOf(@event.GetType());
        if (receivers.Length > 0 && @event is LogEvent log)
        {
            log.Stamp(_time.GetUtcNow());
        }

        foreach (IActorRef receiver in receivers)
        {
            receiver.Tell(@event, ActorRefs.NoSender);
        }
    }

    internal bool HasReceivers(Type type) => ReceiversOf(type).Length > 0;

    internal void StartUnsubscriber(ActorSystemImpl system)
    {
        lock (_gate)
        {
            _unsubscriber = system.SystemActorOf(Props.Create(() => new Unsubscriber(this)), "eventStreamUnsubscriber");
        }
    }

    private IActorRef[] ReceiversOf(Type type)
    {
        if (_receivers.TryGetValue(type, out IActorRef[]? known))
        {
            return known;
        }

        lock (_gate)
        {
            IActorRef[] receivers = [.. _subscriptions.Where(s => s.Channel.IsAssignableFrom(type)).Select(s => s.Subscriber).Distinct()];
            _receivers[type] = receivers;
            return receivers;
        }
    }

    private bool Remove(Predicate<(IActorRef Subscriber, Type Channel)> which)
    {
        lock (_gate)
        {
            bool any = _subscriptions.RemoveAll(which) > 0;
            _receivers.Clear();
            return any;
        }
    }

    /// <summary>Watches subscribers and takes them off when they end.</summary>
    private sealed class Unsubscriber(EventStream stream) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Follow follow:
                    Context.Watch(follow.Subscriber);
                    break;
                case Terminated terminated:
                    stream.Unsubscribe(terminated.ActorRef);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }

        internal sealed record Follow(IActorRef Subscriber);
    }
}
