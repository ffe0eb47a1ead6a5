namespace Olmo.Runtime.Actor;

/// <summary>Refs that stand for no actor.</summary>
public static class ActorRefs
{
    /// <summary>No sender: the receiver's Sender is the dead letters.</summary>
    public static readonly IActorRef? NoSender;

    /// <summary>Swallows what it is sent.</summary>
    public static readonly Nobody Nobody = Nobody.Instance;
}

/// <summary>The ref of no actor.</summary>
#pragma warning disable CA1036 // the compatibility surface has an order but no order operators
public sealed class Nobody : IInternalActorRef
#pragma warning restore CA1036
{
    internal static readonly Nobody Instance = new();

    private readonly ActorPath _path = new RootActorPath(new Address("akka", "all-systems"), ActorPath.UndefinedUid) / "Nobody";

    private Nobody()
    {
    }

    ActorPath IActorRef.Path => _path;

    ActorSystemImpl? IInternalActorRef.System => null;

    IInternalActorRef IInternalActorRef.Parent => this;

    bool IInternalActorRef.IsTerminated => true;

    IInternalActorRef IInternalActorRef.GetChild(ReadOnlySpan<string> names) => this;

    void ICanTell.Tell(object message, IActorRef? sender)
    {
        if (message is null)
        {
            throw new InvalidMessageException();
        }
    }

    void IInternalActorRef.SendSystemMessage(Dispatch.SystemMessage message) => Dispatch.SystemMessage.AnswerForNobody(message);

    bool IEquatable<IActorRef>.Equals(IActorRef? other) => ReferenceEquals(this, other);

    int IComparable<IActorRef>.CompareTo(IActorRef? other) => ActorRefOrder.Compare(this, other);

    int IComparable.CompareTo(object? obj) => ActorRefOrder.Compare(this, obj as IActorRef);
}

/// <summary>Order and equality of refs: path, then uid.</summary>
internal static class ActorRefOrder
{
    public static int Compare(IActorRef left, IActorRef? right)
    {
        if (right is null)
        {
            return 1;
        }

        int byPath = left.Path.CompareTo(right.Path);
        return byPath != 0 ? byPath : left.Path.Uid.CompareTo(right.Path.Uid);
    }

    public static bool Equal(IActorRef left, IActorRef? right) =>
        ReferenceEquals(left, right) || (right is not null && left.Path.Uid == right.Path.Uid && left.Path.Equals(right.Path));

    public static int Hash(IActorRef of) => unchecked((of.Path.GetHashCode() * 31) + (int)of.Path.Uid);
}

/// <summary>A ref that is not backed by a cell of its own; the subclass says what becomes of messages.</summary>
internal abstract class MinimalActorRef(ActorSystemImpl system, ActorPath path) : IInternalActorRef
{
    public ActorPath Path { get; } = path;

    public ActorSystemImpl System { get; } = system;

    ActorSystemImpl? IInternalActorRef.System => System;

    public virtual IInternalActorRef Parent => Nobody.Instance;

    public virtual bool IsTerminated => false;

    public void Tell(object message, IActorRef? sender)
    {
        if (message is null)
        {
            throw new InvalidMessageException();
        }

        Deliver(message, sender);
    }

    public virtual IInternalActorRef GetChild(ReadOnlySpan<string> names) => names.IsEmpty ? this : Nobody.Instance;

    public virtual void SendSystemMessage(Dispatch.SystemMessage message) => Dispatch.SystemMessage.AnswerForNobody(message);

    protected abstract void Deliver(object message, IActorRef? sender);

    public bool Equals(IActorRef? other) => ActorRefOrder.Equal(this, other);

    public override bool Equals(object? obj) => Equals(obj as IActorRef);

    public override int GetHashCode() => ActorRefOrder.Hash(this);

    public int CompareTo(IActorRef? other) => ActorRefOrder.Compare(this, other);

    public int CompareTo(object? obj) => ActorRefOrder.Compare(this, obj as IActorRef);

    public override string ToString() => $"[{Path.ToStringWithUid()}]";
}
