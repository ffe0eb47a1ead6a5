namespace Olmo.Runtime.Storage;

/// <summary>A newer writer has taken the persistence id over; there is no retry.</summary>
public sealed class FencedException(string persistenceId, string detail) : Exception($"'{persistenceId}' is fenced: {detail}")
{
    /// <summary>Whose events.</summary>
    public string PersistenceId { get; } = persistenceId;
}
