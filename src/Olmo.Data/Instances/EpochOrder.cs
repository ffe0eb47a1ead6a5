namespace Olmo.Data.Instances;

/// <summary>The order of the instances in one epoch: a bijection of 0 ... <see cref="Count"/> - 1. Immutable; any thread may ask.</summary>
public abstract class EpochOrder
{
    private protected EpochOrder(long count) => Count = count;

    /// <summary>Number of instances.</summary>
    public long Count { get; }

    /// <summary>The instance at a position, a pure function of (kind, seed, epoch, count).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not in 0 ... Count - 1.</exception>
    public long this[long position]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(position);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, Count);
            return At(position);
        }
    }

    /// <summary>The order of an epoch.</summary>
    /// <param name="kind">The rule.</param>
    /// <param name="seed">The recipe's data seed.</param>
    /// <param name="epoch">Counted from 1.</param>
    /// <param name="count">Instances.</param>
    /// <param name="chunkInstances">Adjacent instances that stay together; must divide the count.</param>
    public static EpochOrder Create(EpochOrderKind kind, ulong seed, long epoch, long count, int chunkInstances = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epoch, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkInstances, 1);
        if (count % chunkInstances != 0)
        {
            throw new ArgumentException($"{count} instances cannot be cut into chunks of {chunkInstances}.", nameof(chunkInstances));
        }

        long chunks = count / chunkInstances;
        EpochOrder order = kind switch
        {
            EpochOrderKind.Permutation => new CounterPermutation(seed, epoch, chunks),
            EpochOrderKind.Pcg64 => new Pcg64Order(seed, epoch, chunks),
            EpochOrderKind.Sequential => new SequentialOrder(chunks),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown order"),
        };
        return chunkInstances == 1 ? order : new ChunkedOrder(order, chunkInstances);
    }

    private protected abstract long At(long position);

    private sealed class SequentialOrder(long count) : EpochOrder(count)
    {
        private protected override long At(long position) => position;
    }

    private sealed class ChunkedOrder(EpochOrder chunks, int chunkInstances) : EpochOrder(chunks.Count * chunkInstances)
    {
        private protected override long At(long position)
        {
            (long chunk, long inside) = Math.DivRem(position, chunkInstances);
            return (chunks.At(chunk) * chunkInstances) + inside;
        }
    }
}
