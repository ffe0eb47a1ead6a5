namespace Olmo.Runtime.Storage;

/// <summary>A newer writer has taken the persistence id over, or its number was used before; there is no retry.</summary>
public sealed class FencedException(string persistenceId, string detail) : Exception($"'{persistenceId}' is fenced: {detail}")
{
    /// <summary>Whose events.</summary>
    public string PersistenceId { get; } = persistenceId;

    /// <summary>Who owns the id now, where that is known.</summary>
    public JournalOwner? Owner { get; init; }
}
