namespace Olmo.Actors.Collectives;

/// <summary>A connection was not authenticated.</summary>
public sealed class HandshakeException(RefusalReason reason, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public RefusalReason Reason { get; } = reason;
}
