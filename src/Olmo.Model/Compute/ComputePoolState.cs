using System.Runtime.InteropServices;

namespace Olmo.Model.Compute;

/// <summary>
/// The words that a pool's threads share, each on cache lines of its own. The job word is [number : 47][open : 1][workers inside : 16]:
/// one compare-and-swap enters a job only while it is open, so that a late worker neither delays its end nor sees the next one's fields half written.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 640)]
internal struct ComputePoolState
{
    /// <summary>First item that nobody has taken.</summary>
    [FieldOffset(128)]
    public long Next;

    /// <summary>Workers that wait to be woken.</summary>
    [FieldOffset(256)]
    public int Sleepers;

    /// <summary>1 while the caller waits to be woken.</summary>
    [FieldOffset(384)]
    public int CallerSleeps;

    private const long InsideMask = 0xFFFF;
    private const long OpenBit = 0x10000;
    private const int NumberShift = 17;

    [FieldOffset(512)]
    private long _job;

    /// <summary>True when no worker is inside the job.</summary>
    public readonly bool IsIdle => (Volatile.Read(in _job) & InsideMask) == 0;

    /// <summary>Opens the next job; everything that it consists of was written before. A full fence.</summary>
    public void Open() => Interlocked.Exchange(ref _job, (((_job >> NumberShift) + 1) << NumberShift) | OpenBit);

    /// <summary>Lets nobody in any more; true if nobody is inside.</summary>
    public bool Close() => (Interlocked.And(ref _job, ~OpenBit) & InsideMask) == 0;

    /// <summary>True if a job is open that is not number <paramref name="seen"/>.</summary>
    public readonly bool HasJob(long seen)
    {
        long job = Volatile.Read(in _job);
        return (job & OpenBit) != 0 && (job >> NumberShift) != seen;
    }

    /// <summary>Enters the open job unless it is number <paramref name="seen"/>, which becomes its number.</summary>
    public bool TryEnter(ref long seen)
    {
        long job = Volatile.Read(in _job);
        if ((job & OpenBit) == 0 || (job >> NumberShift) == seen || Interlocked.CompareExchange(ref _job, job + 1, job) != job)
        {
            return false;
        }

        seen = job >> NumberShift;
        return true;
    }

    /// <summary>Leaves the job; true if it is closed and this was the last one inside.</summary>
    public bool Leave() => (Interlocked.Decrement(ref _job) & (InsideMask | OpenBit)) == 0;
}
