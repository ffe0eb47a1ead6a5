namespace Olmo.Runtime.Storage;

/// <summary>
/// Leases and the sequence that fences come from. A lease says who may act; the fence makes sure that whoever may not any more cannot write.
/// Tasks fail with <see cref="JournalUnavailableException"/> for failures of the storage: whether the operation happened is then unknown.
/// </summary>
public interface ILeaseStore
{
    /// <summary>The next fence; never handed out twice. A process draws one at its start as its incarnation.</summary>
    Task<long> NextFenceAsync(CancellationToken cancellationToken);

    /// <summary>After a restore from a backup: the next fence will be greater than the given one. Lower values change nothing.</summary>
    Task RaiseFencesAsync(long above, CancellationToken cancellationToken);

    /// <summary>Takes a lease that is free, expired, of an earlier start of the machine, or the owner's own; a fresh token each time.</summary>
    /// <param name="name">Name of the lease.</param>
    /// <param name="owner">Who asks; shown to others.</param>
    /// <param name="timeToLive">How long it holds without renewal.</param>
    /// <param name="holderIsDead">The caller has proof, such as the holder's file lock, that the holder is gone: the time left does not count.</param>
    /// <param name="cancellationToken">Ends the waiting for the storage.</param>
    Task<LeaseAnswer> AcquireAsync(string name, string owner, TimeSpan timeToLive, bool holderIsDead, CancellationToken cancellationToken);

    /// <summary>Extends a lease from now; false where it is not held under that token any more, for good.</summary>
    Task<bool> RenewAsync(string name, long token, TimeSpan timeToLive, CancellationToken cancellationToken);

    /// <summary>Frees a lease; false where it is not held under that token any more.</summary>
    Task<bool> ReleaseAsync(string name, long token, CancellationToken cancellationToken);
}
