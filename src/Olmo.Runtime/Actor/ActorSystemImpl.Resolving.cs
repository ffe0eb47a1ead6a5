using System.Collections.Concurrent;
using System.Globalization;

namespace Olmo.Runtime.Actor;

internal sealed partial class ActorSystemImpl
{
    private readonly ConcurrentDictionary<string, IInternalActorRef> _temporary = new(StringComparer.Ordinal);
    private long _temporaryNames;

    /// <summary>Refs of other systems, where this one has links; null for paths that it does not know.</summary>
    public Func<ActorPath, IInternalActorRef?>? RemoteRefs { get; set; }

    /// <summary>The address that other nodes know this system by, where it has one.</summary>
    public Address? PublicAddress { get; set; }

    /// <summary>Living refs under <c>/temp</c>.</summary>
    public int TemporaryCount => _temporary.Count;

    public override ActorSelection ActorSelection(ActorPath actorPath)
    {
        ArgumentNullException.ThrowIfNull(actorPath);
        return IsHere(actorPath.Address)
            ? new ActorSelection(_root, actorPath.Elements)
            : new ActorSelection(Resolve(actorPath), []);
    }

    public override ActorSelection ActorSelection(string actorPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(actorPath);
        if (ActorPath.TryParse(actorPath, out ActorPath? absolute))
        {
            return ActorSelection(absolute!);
        }

        // Relative paths count from /user.
        return actorPath[0] == '/' ? new ActorSelection(_root, actorPath) : new ActorSelection(_user, actorPath);
    }

    /// <summary>The ref at a path; one whose messages are dead letters where nothing is there.</summary>
    public IInternalActorRef Resolve(ActorPath path)
    {
        if (!IsHere(path.Address))
        {
            return RemoteRefs?.Invoke(path) ?? new DeadEndActorRef(this, path);
        }

        string[] elements = [.. path.Elements];
        if (path.Uid != ActorPath.UndefinedUid && elements.Length > 0)
        {
            elements[^1] += "#" + path.Uid.ToString(CultureInfo.InvariantCulture);
        }

        IInternalActorRef found = ResolveHere(_root, elements);
        return found is Nobody ? new DeadEndActorRef(this, path) : found;
    }

    public IInternalActorRef ResolveHere(IInternalActorRef from, string[] elements)
    {
        if (ReferenceEquals(from, _root) && elements.Length > 0)
        {
            if (elements.Length == 2 && elements[0] == "temp")
            {
                return _temporary.TryGetValue(elements[1], out IInternalActorRef? temporary) ? temporary : Nobody.Instance;
            }

            if (elements is ["deadLetters"])
            {
                return DeadLetterMailbox;
            }
        }

        return from.GetChild(elements);
    }

    internal ActorPath NextTemporaryPath() => RootPath / "temp" / ("$" + Base64(Interlocked.Increment(ref _temporaryNames)));

    internal void RegisterTemporary(IInternalActorRef temporary) => _temporary[temporary.Path.Name] = temporary;

    internal void UnregisterTemporary(ActorPath path) => _temporary.TryRemove(path.Name, out _);

    private bool IsHere(Address address) => address.Equals(Address) || address.Equals(PublicAddress);
}

/// <summary>A path where nothing lives: messages become dead letters, watches are answered at once.</summary>
internal sealed class DeadEndActorRef(ActorSystemImpl system, ActorPath path) : MinimalActorRef(system, path)
{
    public override bool IsTerminated => true;

    protected override void Deliver(object message, IActorRef? sender) => System.DeadLetterMailbox.Publish(message, sender, this);
}
