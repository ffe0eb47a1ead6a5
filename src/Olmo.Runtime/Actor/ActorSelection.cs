namespace Olmo.Runtime.Actor;

/// <summary>A path as a target: it is looked up anew for each message.</summary>
public class ActorSelection : ICanTell
{
    private readonly string[] _elements;

    public ActorSelection(IActorRef anchor, string path)
        : this(anchor, (path ?? throw new ArgumentNullException(nameof(path))).Split('/', StringSplitOptions.RemoveEmptyEntries))
    {
    }

    public ActorSelection(IActorRef anchor, IEnumerable<string> elements)
    {
        ArgumentNullException.ThrowIfNull(anchor);
        ArgumentNullException.ThrowIfNull(elements);
        Anchor = anchor;
        _elements = [.. elements];
        if (_elements.Any(e => e.Contains('*') || e.Contains('?')))
        {
            throw new NotSupportedException($"Wildcards in a selection are not supported: [{PathString}].");
        }
    }

    public IActorRef Anchor { get; }

    public string PathString => "/" + string.Join('/', _elements);

    internal ActorSystemImpl? System => ((IInternalActorRef)Anchor).System;

    public void Tell(object message, IActorRef? sender = null)
    {
        if (message is null)
        {
            throw new InvalidMessageException();
        }

        Target().Tell(message, sender ?? ActorContextSlot.CurrentSender);
    }

    /// <summary>The ref behind the path.</summary>
    /// <exception cref="ActorNotFoundException">No answer in time, or nobody is there.</exception>
    public Task<IActorRef> ResolveOne(TimeSpan timeout) => ResolveOne(timeout, CancellationToken.None);

    public async Task<IActorRef> ResolveOne(TimeSpan timeout, CancellationToken ct)
    {
        ActorIdentity identity;
        try
        {
            identity = await this.Ask<ActorIdentity>(new Identify(PathString), timeout, ct).ConfigureAwait(true);
        }
        catch (AskTimeoutException late)
        {
            throw new ActorNotFoundException($"No answer from [{this}] within {timeout}.", late);
        }

        return identity.Subject ?? throw new ActorNotFoundException($"No actor at [{this}].");
    }

    public override bool Equals(object? obj) => obj is ActorSelection other && Equals(other);

    public override int GetHashCode() => (Anchor.GetHashCode() * 31) + StringComparer.Ordinal.GetHashCode(PathString);

    public override string ToString() => $"ActorSelection[Anchor({Anchor.Path}), Path({PathString})]";

    protected bool Equals(ActorSelection other) => other is not null && Anchor.Equals(other.Anchor)
        && string.Equals(PathString, other.PathString, StringComparison.Ordinal);

    private IActorRef Target()
    {
        if (System is not { } system)
        {
            return Anchor;
        }

        IInternalActorRef found = system.ResolveHere((IInternalActorRef)Anchor, _elements);
        return found is Nobody ? new DeadEndActorRef(system, Anchor.Path / _elements.Where(e => e != "..")) : found;
    }
}
