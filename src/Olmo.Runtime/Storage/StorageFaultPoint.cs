namespace Olmo.Runtime.Storage;

/// <summary>A place in a storage operation where a test can make it fail, hang or kill the process.</summary>
public enum StorageFaultPoint
{
    /// <summary>Nothing has happened yet.</summary>
    BeforeBegin = 1,

    /// <summary>Everything is written and not yet durable: a failure here undoes it.</summary>
    BeforeCommit = 2,

    /// <summary>Everything is durable: a failure here reports an error for what has happened.</summary>
    AfterCommit = 3,
}
