namespace Olmo.Runtime.Storage;

/// <summary>Who writes.</summary>
/// <param name="PersistenceId">Whose events.</param>
/// <param name="Fence">Token of the lease, or the node's incarnation: drawn from one sequence, so that all fences compare.</param>
/// <param name="Writer">Fresh for each incarnation of the actor.</param>
public sealed record JournalClaim(string PersistenceId, long Fence, string Writer)
{
    /// <summary>Name of a lease whose token must still be <see cref="Fence"/> at every write; null: none.</summary>
    public string? Lease { get; init; }
}
