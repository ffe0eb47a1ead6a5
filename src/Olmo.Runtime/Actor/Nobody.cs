namespace Olmo.Runtime.Actor;

/// <summary>The reference of no actor: takes every message and does nothing.</summary>
public sealed class Nobody : IActorRef
{
    private Nobody()
    {
    }

    /// <summary>The one.</summary>
    public static Nobody Instance { get; } = new();

    /// <inheritdoc />
    public ActorPath Path { get; } = ActorPath.Parse("akka://all-systems/Nobody");

    /// <inheritdoc />
    public void Tell(object message, IActorRef? sender)
    {
    }

    /// <inheritdoc />
    public bool Equals(IActorRef? other) => ReferenceEquals(this, other);

    /// <inheritdoc />
    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    /// <inheritdoc />
    public override int GetHashCode() => Path.GetHashCode();

    /// <inheritdoc />
    public int CompareTo(IActorRef? other) => other is null ? 1 : Path.CompareTo(other.Path);
}
