namespace Olmo.Runtime.Storage;

/// <summary>When calls of a storage that fails are refused at once.</summary>
/// <param name="MaxFailures">Failures in a row after which calls are refused.</param>
/// <param name="CallTimeout">Longer calls count as failures and are not waited for.</param>
/// <param name="ResetTimeout">After this time one call is let through to see whether the storage is back.</param>
public sealed record BreakerSettings(int MaxFailures, TimeSpan CallTimeout, TimeSpan ResetTimeout)
{
    /// <summary>For the journal: 10 failures, 10 s, 30 s.</summary>
    public static BreakerSettings Journal { get; } = new(10, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30));

    /// <summary>For snapshots: 5 failures, 20 s, 60 s.</summary>
    public static BreakerSettings Snapshots { get; } = new(5, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(60));
}
