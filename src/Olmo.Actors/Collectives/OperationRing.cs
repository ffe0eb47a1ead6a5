using System.Collections.Immutable;

namespace Olmo.Actors.Collectives;

/// <summary>
/// The last operations in a fixed array of words. Writers claim an entry by an atomic counter; each entry has a version that is odd while it is written, so that
/// a reader takes no lock and skips an entry that changes under it. Nothing is allocated by writers.
/// </summary>
internal sealed class OperationRing
{
    public const int Capacity = 128;

    private const int Words = 8;
    private const int Version = 0, Number = 1, Kinds = 2, Labels = 3, Bytes = 4, State = 5, Started = 6, Ended = 7;
    private const int Attempts = 16;

    private readonly long[] _words = new long[Capacity * Words];
    private readonly MeshClock _clock;
    private long _next;

    public OperationRing(MeshClock clock) => _clock = clock;

    /// <summary>Adds an operation that begins now.</summary>
    /// <returns>Ticket for <see cref="Update"/>.</returns>
    public long Begin(long number, OperationKind kind, OperationDirection direction, int group, int label, long bytes, OperationState state)
    {
        long ticket = Interlocked.Increment(ref _next) - 1;
        Span<long> entry = Entry(ticket);
        Lock(entry);
        entry[Number] = number;
        entry[Kinds] = ((long)direction << 32) | (uint)kind;
        entry[Labels] = ((long)group << 32) | (uint)label;
        entry[Bytes] = bytes;
        entry[State] = (long)state;
        entry[Started] = _clock.Now;
        entry[Ended] = 0;
        Volatile.Write(ref entry[Version], Stable(ticket));
        return ticket;
    }

    /// <summary>Records progress of an operation; nothing happens if newer ones have taken its entry.</summary>
    public void Update(long ticket, OperationState state, long bytes = -1)
    {
        Span<long> entry = Entry(ticket);
        long stable = Stable(ticket);
        if (Interlocked.CompareExchange(ref entry[Version], stable - 1, stable) != stable)
        {
            return;
        }

        entry[State] = (long)state;
        if (bytes >= 0)
        {
            entry[Bytes] = bytes;
        }

        if (state == OperationState.Done)
        {
            entry[Ended] = _clock.Now;
        }

        Volatile.Write(ref entry[Version], stable);
    }

    /// <summary>What stands in the ring, oldest first.</summary>
    public ImmutableArray<OperationRecord> Read()
    {
        long end = Volatile.Read(ref _next);
        ImmutableArray<OperationRecord>.Builder records = ImmutableArray.CreateBuilder<OperationRecord>();
        for (long ticket = Math.Max(0, end - Capacity); ticket < end; ticket++)
        {
            if (TryRead(ticket) is { } record)
            {
                records.Add(record);
            }
        }

        return records.ToImmutable();
    }

    private static long Stable(long ticket) => (2 * ticket) + 2;

    private static void Lock(Span<long> entry)
    {
        SpinWait spin = default;
        while (true)
        {
            long seen = Volatile.Read(ref entry[Version]);
            if ((seen & 1) == 0 && Interlocked.CompareExchange(ref entry[Version], seen | 1, seen) == seen)
            {
                return;
            }

            spin.SpinOnce();
        }
    }

    private Span<long> Entry(long ticket) => _words.AsSpan((int)(ticket % Capacity) * Words, Words);

    private OperationRecord? TryRead(long ticket)
    {
        Span<long> entry = Entry(ticket);
        Span<long> copy = stackalloc long[Words];
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            long before = Volatile.Read(ref entry[Version]);
            for (int i = 1; i < Words; i++)
            {
                copy[i] = Volatile.Read(ref entry[i]);
            }

            if (before == Stable(ticket) && Volatile.Read(ref entry[Version]) == before)
            {
                return new OperationRecord(
                    copy[Number],
                    (OperationKind)(uint)copy[Kinds],
                    (OperationDirection)(copy[Kinds] >> 32),
                    (int)(copy[Labels] >> 32),
                    (int)(uint)copy[Labels],
                    copy[Bytes],
                    (OperationState)copy[State],
                    _clock.At(copy[Started]),
                    copy[Ended] == 0 ? null : _clock.At(copy[Ended]));
            }
        }

        return null;
    }
}
