using System.Collections.Immutable;

namespace Olmo.Actors.Collectives;

/// <summary>The last operations of one rank.</summary>
/// <param name="Generation">World.</param>
/// <param name="Self">Position of the rank.</param>
/// <param name="TakenAt">When this was read.</param>
/// <param name="Error">First error of its mesh, if it has failed.</param>
/// <param name="Peers">By position, without the rank itself.</param>
public sealed record MeshOperations(long Generation, int Self, DateTimeOffset TakenAt, MeshError? Error, ImmutableArray<PeerOperations> Peers);

/// <summary>The last operations with one peer, oldest first. Collectives have a ring of their own, so that a stream of messages does not push a waiting one out.</summary>
/// <param name="Peer">Position of the peer.</param>
/// <param name="Messages">Messages for handlers.</param>
/// <param name="Collectives">Operations of groups.</param>
public sealed record PeerOperations(int Peer, ImmutableArray<OperationRecord> Messages, ImmutableArray<OperationRecord> Collectives);
