using Olmo.Runtime.Dispatch;

namespace Olmo.Runtime.Actor;

internal sealed partial class ActorCell
{
    private readonly Lock _childrenGate = new();
    private readonly Dictionary<string, ChildRestartStats> _children = new(StringComparer.Ordinal);
    private ChildWait _wait;
    private Exception? _recreationCause;
    private long _childOrder;
    private long _generatedNames;

    /// <summary>What the cell does once all children whose stop it asked for are gone.</summary>
    private enum ChildWait
    {
        None,
        Create,
        Recreate,
        Terminate,
        Terminated,
    }

    internal bool IsTerminating => _wait is ChildWait.Terminate or ChildWait.Terminated;

    public IActorRef ActorOf(Props props, string? name = null) => NewChild(props, name, Self.Path);

    /// <summary>Makes a child; from any thread where this is a guardian.</summary>
    internal LocalActorRef NewChild(Props props, string? name, ActorPath parentPath)
    {
        ArgumentNullException.ThrowIfNull(props);
        if (name is not null && !ActorPath.IsValidPathElement(name))
        {
            throw new InvalidActorNameException(name.Length == 0
                ? "Actor name must not be empty."
                : $"Illegal actor name [{name}]: it must not start with '$' and may hold ASCII letters, digits, {ActorPath.ValidSymbols} and %hh.");
        }

        LocalActorRef child;
        lock (_childrenGate)
        {
            if (IsTerminating)
            {
                throw new InvalidOperationException($"Cannot create a child of [{Self.Path}] while it is stopping or stopped.");
            }

            string element = name ?? "$" + ActorSystemImpl.Base64(_generatedNames++);
            if (_children.ContainsKey(element))
            {
                throw new InvalidActorNameException($"Actor name [{element}] is not unique among the children of [{Self.Path}].");
            }

            ActorPath path = (parentPath / element).WithUid(SystemImpl.NextUid());
            child = new LocalActorRef(SystemImpl, props, SystemImpl.DispatcherOf(props.Dispatcher), Self, path);
            _children.Add(element, new ChildRestartStats(child, _childOrder++));
        }

        // A child of a failed actor starts as suspended as its parent is.
        for (int i = 0; i < _faultSuspensions && IsFailed; i++)
        {
            child.SendSystemMessage(new SystemMessage.Suspend());
        }

        child.SendSystemMessage(new SystemMessage.Create());
        return child;
    }

    public IActorRef Child(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return FindChild(name);
    }

    public IEnumerable<IActorRef> GetChildren() => ChildStats().Select(c => (IActorRef)c.Child).ToArray();

    /// <summary>From any thread.</summary>
    internal IInternalActorRef FindChild(string name)
    {
        int hash = name.IndexOf('#');
        lock (_childrenGate)
        {
            if (!_children.TryGetValue(hash < 0 ? name : name[..hash], out ChildRestartStats? stats))
            {
                return Nobody.Instance;
            }

            bool uidMatches = hash < 0 || name.AsSpan(hash + 1).SequenceEqual(stats.Uid.ToString(System.Globalization.CultureInfo.InvariantCulture));
            return uidMatches ? stats.Child : Nobody.Instance;
        }
    }

    public void Stop(IActorRef child)
    {
        ArgumentNullException.ThrowIfNull(child);
        if (StatsOf(child) is { } stats)
        {
            stats.Dying = true;
        }

        ((IInternalActorRef)child).SendSystemMessage(new SystemMessage.Terminate());
    }

    /// <summary>The children in the order of their creation.</summary>
    private ChildRestartStats[] ChildStats()
    {
        lock (_childrenGate)
        {
            if (_children.Count == 0)
            {
                return [];
            }

            ChildRestartStats[] stats = [.. _children.Values];
            Array.Sort(stats, static (a, b) => a.Order.CompareTo(b.Order));
            return stats;
        }
    }

    private ChildRestartStats? StatsOf(IActorRef child)
    {
        lock (_childrenGate)
        {
            return _children.TryGetValue(child.Path.Name, out ChildRestartStats? stats) && stats.Child.Equals(child) ? stats : null;
        }
    }

    /// <summary>True where children are still stopping, so that <paramref name="next"/> is done when the last is gone.</summary>
    private bool WaitForStoppingChildren(ChildWait next, Exception? cause = null)
    {
        lock (_childrenGate)
        {
            if (next == ChildWait.Terminate || _children.Values.Any(c => c.Dying))
            {
                _wait = next;
                _recreationCause = cause;
            }

            return _children.Values.Any(c => c.Dying);
        }
    }

    private void SuspendChildren(IActorRef? except = null)
    {
        foreach (ChildRestartStats each in ChildStats())
        {
            if (!each.Child.Equals(except))
            {
                each.Child.SendSystemMessage(new SystemMessage.Suspend());
            }
        }
    }

    private void ResumeChildren(Exception? causedByFailure, IActorRef? perpetrator)
    {
        foreach (ChildRestartStats each in ChildStats())
        {
            each.Child.SendSystemMessage(new SystemMessage.Resume(each.Child.Equals(perpetrator) ? causedByFailure : null));
        }
    }

    private void ChildTerminated(ChildRestartStats child)
    {
        ChildWait due = ChildWait.None;
        Exception? cause = null;
        lock (_childrenGate)
        {
            _children.Remove(child.Child.Path.Name);
            if (_wait != ChildWait.None && !_children.Values.Any(c => c.Dying))
            {
                due = _wait;
                cause = _recreationCause;
                _wait = due == ChildWait.Terminate ? ChildWait.Terminated : due == ChildWait.Terminated ? due : ChildWait.None;
                _recreationCause = null;
            }
        }

        switch (due)
        {
            case ChildWait.Create:
                FinishCreate();
                break;
            case ChildWait.Recreate:
                FinishRecreate(cause!);
                break;
            case ChildWait.Terminate:
                FinishTerminate();
                break;
        }
    }
}
