using System.Collections.Immutable;
using Olmo.Actors.Worlds;

namespace Olmo.TestKit.Simulation;

/// <summary>What is durable of a run: the newest generation's number, its members, and the token of the lease.</summary>
internal sealed class SimulatedJournal(bool isFenced)
{
    public long Newest { get; private set; }

    public ImmutableArray<WorldMember> Members { get; private set; } = [];

    public long Token { get; private set; }

    public long TakeLease() => ++Token;

    /// <summary>Does it take writes under a token? Not if a newer one exists.</summary>
    public bool Accepts(long token) => !isFenced || token == Token;

    /// <summary>Writes the number of the next generation.</summary>
    public void Append(long generation) => Newest = Math.Max(Newest, generation);

    /// <summary>Writes the members of a generation, before its plan is sent.</summary>
    public void SetMembers(ImmutableArray<WorldMember> members) => Members = members;
}
