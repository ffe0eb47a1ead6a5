using System.Collections.Immutable;

namespace Olmo.Actors.Worlds;

/// <summary>A shard whose state at m an owner lacks.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="To">Owner that lacks it.</param>
/// <param name="Donors">
/// Ranks that hold it at m, or roll forward to m, in the order in which they are asked: a chunk whose digest is wrong, or a donor that fails, sends the owner to the
/// next, where it goes on with the chunks that it lacks.
/// </param>
public sealed record ShardMove(int Shard, int To, ImmutableArray<int> Donors);
