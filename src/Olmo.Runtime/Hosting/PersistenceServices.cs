using Olmo.Runtime.Storage;

namespace Olmo.Runtime.Hosting;

/// <summary>What event-sourced actors of a system write to, and as whom.</summary>
/// <param name="Store">Journal and snapshots.</param>
/// <param name="Codec">Known events.</param>
/// <param name="Fence">Token of the lease, or the node's incarnation.</param>
/// <param name="Node">Name of the process, for messages about other writers.</param>
public sealed record PersistenceServices(IJournalStore Store, IEventCodec Codec, long Fence, string Node)
{
    /// <summary>Name of the lease whose token <see cref="Fence"/> is: every write then also requires that it is still held. Null: none.</summary>
    public string? Lease { get; init; }
}
