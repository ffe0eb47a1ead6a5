using Olmo.Runtime.Dispatch;

namespace Olmo.Runtime.Actor;

internal sealed partial class ActorCell
{
    private readonly Dictionary<IActorRef, object?> _watching = [];
    private readonly Dictionary<IActorRef, object?> _terminatedQueued = [];
    private readonly HashSet<IInternalActorRef> _watchedBy = [];

    public IActorRef Watch(IActorRef subject) => Watch(subject, null);

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Watch(subject, message);
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        if (_watching.Remove(subject))
        {
            IInternalActorRef target = (IInternalActorRef)subject;
            target.SendSystemMessage(new SystemMessage.Unwatch(target, Self));
        }

        _terminatedQueued.Remove(subject);
        return subject;
    }

    /// <summary>Puts stashed messages before the mailbox; a stashed Terminated counts as queued again.</summary>
    internal void Unstash(IReadOnlyList<Envelope> envelopes)
    {
        foreach (Envelope envelope in envelopes)
        {
            if (envelope.Message is Terminated terminated)
            {
                _terminatedQueued[terminated.ActorRef] = null;
            }
        }

        Mailbox.Prepend(envelopes);
    }

    private IActorRef Watch(IActorRef subject, object? message)
    {
        ArgumentNullException.ThrowIfNull(subject);
        if (subject.Equals(Self))
        {
            return subject;
        }

        if (_watching.TryGetValue(subject, out object? before))
        {
            return Equals(before, message)
                ? subject
                : throw new InvalidOperationException($"[{subject}] is already watched with the termination message [{before ?? "Terminated"}]; unwatch it first.");
        }

        // Cells answer for themselves even when dead, so a watch is recorded before it is sent.
        _watching.Add(subject, message);
        IInternalActorRef target = (IInternalActorRef)subject;
        target.SendSystemMessage(new SystemMessage.Watch(target, Self));
        return subject;
    }

    private void AddWatcher(SystemMessage.Watch watch)
    {
        if (watch.Watchee.Equals(Self) && !watch.Watcher.Equals(Self))
        {
            _watchedBy.Add(watch.Watcher);
        }
        else if (watch.Watcher.Equals(Self))
        {
            Watch(watch.Watchee, null);
        }
    }

    private void RemoveWatcher(SystemMessage.Unwatch unwatch)
    {
        if (unwatch.Watchee.Equals(Self))
        {
            _watchedBy.Remove(unwatch.Watcher);
        }
        else if (unwatch.Watcher.Equals(Self))
        {
            Unwatch(unwatch.Watchee);
        }
    }

    private void WatchedActorTerminated(SystemMessage.DeathWatchNotification death)
    {
        if (_watching.Remove(death.Actor, out object? message) && !IsTerminating)
        {
            // Through the queue: everything that the dead actor had sent lies there already.
            _terminatedQueued[death.Actor] = message;
            Self.Tell(new Terminated(death.Actor, death.ExistenceConfirmed, death.AddressTerminated), death.Actor);
        }

        if (StatsOf(death.Actor) is { } child)
        {
            ChildTerminated(child);
        }
    }

    private void ReceivedTerminated(Terminated terminated)
    {
        if (_terminatedQueued.Remove(terminated.ActorRef, out object? message))
        {
            _currentMessage = message ?? terminated;
            ReceiveMessage(_currentMessage);
        }
    }

    private void UnwatchAll()
    {
        foreach (IActorRef subject in _watching.Keys)
        {
            IInternalActorRef target = (IInternalActorRef)subject;
            target.SendSystemMessage(new SystemMessage.Unwatch(target, Self));
        }

        _watching.Clear();
        _terminatedQueued.Clear();
    }

    /// <summary>Remote watchers first: their link may go down with what local watchers do next.</summary>
    private void TellWatchers()
    {
        foreach (IInternalActorRef watcher in _watchedBy.OrderBy(w => w is LocalActorRef))
        {
            if (!watcher.Equals(Parent))
            {
                watcher.SendSystemMessage(new SystemMessage.DeathWatchNotification(Self, ExistenceConfirmed: true, AddressTerminated: false));
            }
        }

        _watchedBy.Clear();
    }
}
