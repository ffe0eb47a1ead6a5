using Olmo.Runtime.Dispatch;

namespace Olmo.Runtime.Actor;

/// <summary>The ref of an actor in this process.</summary>
internal sealed class LocalActorRef : IInternalActorRef
{
    public LocalActorRef(ActorSystemImpl system, Props props, Dispatcher dispatcher, IInternalActorRef parent, ActorPath path)
    {
        Path = path;
        System = system;
        Parent = parent;
        Cell = new ActorCell(system, this, props, dispatcher, parent);
    }

    public ActorPath Path { get; }

    public ActorSystemImpl System { get; }

    public IInternalActorRef Parent { get; }

    public ActorCell Cell { get; }

    public bool IsTerminated => Cell.Mailbox.IsClosed;

    ActorSystemImpl? IInternalActorRef.System => System;

    public void Tell(object message, IActorRef? sender)
    {
        if (message is null)
        {
            throw new InvalidMessageException();
        }

        Cell.Mailbox.Enqueue(new Envelope(message, sender));
    }

    public void SendSystemMessage(SystemMessage message) => Cell.Mailbox.EnqueueSystem(message);

    public IInternalActorRef GetChild(ReadOnlySpan<string> names)
    {
        if (names.IsEmpty)
        {
            return this;
        }

        string name = names[0];
        IInternalActorRef next = name switch
        {
            "" => this,
            ".." => Parent,
            _ => Cell.FindChild(name),
        };
        return next is Nobody ? next : next.GetChild(names[1..]);
    }

    public bool Equals(IActorRef? other) => ActorRefOrder.Equal(this, other);

    public override bool Equals(object? obj) => Equals(obj as IActorRef);

    public override int GetHashCode() => ActorRefOrder.Hash(this);

    public int CompareTo(IActorRef? other) => ActorRefOrder.Compare(this, other);

    public int CompareTo(object? obj) => ActorRefOrder.Compare(this, obj as IActorRef);

    public override string ToString() => $"[{Path.ToStringWithUid()}]";
}
