using Olmo.Actors.Collectives;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <summary>How a rank reaches the other members of its worlds.</summary>
public interface IDataPlane
{
    /// <summary>Where others reach this rank, as it is told to them.</summary>
    string EndPoint { get; }

    /// <summary>Connects with all members of a plan.</summary>
    /// <param name="plan">The plan; at least two members.</param>
    /// <param name="self">Own position.</param>
    /// <param name="endPoints">Where the members are reached, by position.</param>
    /// <param name="secret">Secret of this generation, the same on all members.</param>
    /// <param name="handler">Takes the messages, which may come before this returns.</param>
    /// <param name="abort">Cancelled when the generation is over before it was connected.</param>
    /// <exception cref="MeshException">A member could not be reached.</exception>
    IMesh Connect(GenerationPlan plan, int self, IReadOnlyList<string> endPoints, ReadOnlyMemory<byte> secret, IMeshHandler handler, CancellationToken abort);
}

/// <summary>A rank that is alone in all its worlds.</summary>
public sealed class NoDataPlane : IDataPlane
{
    /// <summary>The instance.</summary>
    public static NoDataPlane Instance { get; } = new();

    /// <inheritdoc />
    public string EndPoint => "";

    /// <inheritdoc />
    public IMesh Connect(GenerationPlan plan, int self, IReadOnlyList<string> endPoints, ReadOnlyMemory<byte> secret, IMeshHandler handler, CancellationToken abort) =>
        throw new InvalidOperationException($"The plan of generation {plan?.Generation} has several members, and this rank was started without a data plane.");
}
