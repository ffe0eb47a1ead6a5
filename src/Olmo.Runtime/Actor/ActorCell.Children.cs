using Olmo.Runtime.Event;

namespace Olmo.Runtime.Actor;

/// <content>Children, supervision and death watch.</content>
internal sealed partial class ActorCell
{
    private readonly Dictionary<string, ChildRecord> _children = new(StringComparer.Ordinal);
    private long _generated;

    private bool HasStoppingChildren => _children.Values.Any(c => c.IsStopping);

    public IActorRef ActorOf(Props props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        if (name is not null && !ActorPath.IsValidPathElement(name))
        {
            throw new InvalidActorNameException($"Invalid actor path element [{name}]: ASCII letters, digits, signs or %hh, not starting with '$'.");
        }

        string element = name ?? $"${_generated++}";
        if (_life is Life.Stopping or Life.Stopped)
        {
            throw new InvalidOperationException($"[{Ref.Path}] is stopping and makes no children.");
        }

        if (_children.ContainsKey(element))
        {
            throw new InvalidActorNameException($"Actor name \"{element}\" is not unique below [{Ref.Path}].");
        }

        ActorCell child = new(System, props, Ref, (Ref.Path / element).WithUid(System.NextUid()));
        _children.Add(element, new ChildRecord(child));
        child.EnqueueSystem(new SystemMessage.Create());
        return child.Ref;
    }

    public IActorRef Child(string name) => _children.TryGetValue(name, out ChildRecord? child) ? child.Cell.Ref : ActorRefs.Nobody;

    public IEnumerable<IActorRef> GetChildren() => [.. _children.Values.Select(c => c.Cell.Ref)];

    public void Stop(IActorRef child)
    {
        ArgumentNullException.ThrowIfNull(child);
        if (_children.TryGetValue(child.Path.Name, out ChildRecord? own) && own.Cell.Ref.Equals(child))
        {
            StopChild(own);
            return;
        }

        (child as InternalActorRef)?.SendSystem(new SystemMessage.Stop());
    }

    public IActorRef Watch(IActorRef subject)
    {
        if (subject is InternalActorRef known)
        {
            Watch(known);
        }

        return subject;
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        if (_watching.Remove(subject))
        {
            (subject as InternalActorRef)?.SendSystem(new SystemMessage.Unwatch(Ref));
        }

        _terminatedQueued.Remove(subject);
        return subject;
    }

    private static void StopChild(ChildRecord child)
    {
        child.IsStopping = true;
        child.Cell.EnqueueSystem(new SystemMessage.Stop());
    }

    private void ToChildren(SystemMessage message)
    {
        foreach (ChildRecord child in _children.Values)
        {
            child.Cell.EnqueueSystem(message);
        }
    }

    private void OnChildTerminated(ActorCell child)
    {
        if (_children.TryGetValue(child.Ref.Path.Name, out ChildRecord? known) && ReferenceEquals(known.Cell, child))
        {
            _children.Remove(child.Ref.Path.Name);
        }

        TryFinishRestart();
        TryFinishStop();
    }

    private void OnChildFailed(SystemMessage.ChildFailed failed)
    {
        if (!_children.TryGetValue(failed.Child.Ref.Path.Name, out ChildRecord? child) || !ReferenceEquals(child.Cell, failed.Child) || child.IsStopping)
        {
            return;
        }

        try
        {
            SupervisorStrategy strategy = Props.SupervisorStrategy ?? _actor?.InvokeSupervisorStrategy() ?? SupervisorStrategy.DefaultStrategy;
            Directive directive = strategy.Decide(failed.Child.Ref, failed.Cause);
            Act(strategy, directive, child, failed.Cause);
        }
        catch (Exception e) // a strategy that throws fails its actor
        {
            Fail(e);
        }
    }

    private void Act(SupervisorStrategy strategy, Directive directive, ChildRecord child, Exception cause)
    {
        ChildRecord[] concerned = strategy.AllForOne ? [.. _children.Values.Where(c => !c.IsStopping)] : [child];
        switch (directive)
        {
            case Directive.Resume:
                System.Log.Warning("[{0}]: resumed after {1}: {2}", child.Cell.Ref.Path, cause.GetType().Name, cause.Message);
                child.Cell.EnqueueSystem(new SystemMessage.Resume(cause));
                break;
            case Directive.Restart:
                System.Log.Error(cause, "[{0}]: {1}", child.Cell.Ref.Path, cause.Message);
                bool allowed = concerned.All(c => c.AllowsRestart(strategy.MaxRetries, strategy.Window, System.Time));
                foreach (ChildRecord one in concerned)
                {
                    if (!allowed)
                    {
                        StopChild(one);
                        continue;
                    }

                    if (one != child)
                    {
                        one.Cell.EnqueueSystem(new SystemMessage.Suspend());
                    }

                    one.Cell.EnqueueSystem(new SystemMessage.Recreate(cause));
                }

                break;
            case Directive.Stop:
                System.Log.Error(cause, "[{0}]: {1}", child.Cell.Ref.Path, cause.Message);
                foreach (ChildRecord one in concerned)
                {
                    StopChild(one);
                }

                break;
            case Directive.Escalate:
                Fail(cause);
                break;
            default:
                throw new InvalidOperationException($"{directive} is no directive.");
        }
    }
}
