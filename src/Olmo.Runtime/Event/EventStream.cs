using System.Collections.Immutable;
using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Event;

/// <summary>Events for whoever subscribed to their type, a base of it or an interface.</summary>
public sealed class EventStream
{
    private ImmutableList<(Type Type, IActorRef Subscriber)> _subscriptions = [];

    /// <summary>Subscribes; false if that subscription exists.</summary>
    public bool Subscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(channel);
        bool added = false;
        ImmutableInterlocked.Update(ref _subscriptions, list =>
        {
            added = !list.Contains((channel, subscriber));
            return added ? list.Add((channel, subscriber)) : list;
        });
        return added;
    }

    /// <summary>Ends every subscription of a subscriber.</summary>
    public bool Unsubscribe(IActorRef subscriber)
    {
        bool removed = false;
        ImmutableInterlocked.Update(ref _subscriptions, list =>
        {
            ImmutableList<(Type Type, IActorRef Subscriber)> left = list.RemoveAll(s => s.Subscriber.Equals(subscriber));
            removed = left.Count < list.Count;
            return left;
        });
        return removed;
    }

    /// <summary>Sends an event to its subscribers, in the order of their subscriptions, once each.</summary>
    public void Publish(object @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        List<IActorRef>? told = null;
        foreach ((Type type, IActorRef subscriber) in _subscriptions)
        {
            if (type.IsInstanceOfType(@event) && told?.Contains(subscriber) != true)
            {
                (told ??= []).Add(subscriber);
                subscriber.Tell(@event, ActorRefs.NoSender);
            }
        }
    }
}
