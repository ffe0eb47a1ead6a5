namespace Olmo.Runtime.Storage;

/// <summary>How an embedded database is opened.</summary>
public sealed record SqliteStoreOptions
{
    /// <summary>The database file, on a local file system; created where it is absent.</summary>
    public required string Path { get; init; }

    /// <summary>How long a transaction waits for another process's lock before it fails; default 5 s.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Clock of row times and of leases, which count its timestamps: on one machine they go on through restarts of a process, not of the machine.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Operations that may wait; one more fails at once, as an unbounded queue would turn a slow disk into a full memory. Default 5000.</summary>
    public int QueueLimit { get; init; } = 5000;

    /// <summary>Identity of the machine's uptime: a lease of another one is void. Default: the kernel's, or empty where it has none.</summary>
    public string? BootId { get; init; }

    /// <summary>Called on the database's thread at every point with the operation's name; what it throws counts as a failure of the storage.</summary>
    public Action<StorageFaultPoint, string>? FaultPoint { get; init; }

    /// <summary>Kind of a path's file system as the kernel numbers it (statfs f_type), or null; for tests. Default: the kernel's answer.</summary>
    internal Func<string, long?>? FileSystemType { get; init; }

    /// <summary>Schema version to stop at; for tests of migrations.</summary>
    internal int? SchemaVersion { get; init; }
}
