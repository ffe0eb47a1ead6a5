namespace Olmo.Runtime.Actor;

/// <summary>What every reference is inside the runtime: it also takes system messages.</summary>
internal abstract class InternalActorRef(ActorPath path) : IActorRef
{
    public ActorPath Path { get; } = path;

    public abstract void Tell(object message, IActorRef? sender);

    /// <summary>Sends a system message; it overtakes user messages.</summary>
    public abstract void SendSystem(SystemMessage message);

    public bool Equals(IActorRef? other) => other is not null && Path.Uid == other.Path.Uid && Path.Equals(other.Path);

    public override bool Equals(object? obj) => obj is IActorRef other && Equals(other);

    public override int GetHashCode() => Path.GetHashCode();

    public int CompareTo(IActorRef? other) => other is null ? 1 : Path.CompareTo(other.Path);

    public override string ToString() => $"[{Path}#{Path.Uid}]";
}
