namespace Olmo.Runtime.Persistence;

/// <summary>Every event has been replayed; persisting is allowed from inside its handler on.</summary>
public sealed class RecoveryCompleted
{
    private RecoveryCompleted()
    {
    }

    /// <summary>The message.</summary>
    public static readonly RecoveryCompleted Instance = new();
}
