namespace Olmo.Runtime.Actor;

/// <summary>Handle of an actor. Two are equal if path and uid are: an actor that was made again under the same name is another one.</summary>
public interface IActorRef : ICanTell, IComparable<IActorRef>, IEquatable<IActorRef>
{
    /// <summary>Path with uid.</summary>
    ActorPath Path { get; }
}
