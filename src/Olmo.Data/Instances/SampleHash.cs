using System.Numerics;

namespace Olmo.Data.Instances;

/// <summary>
/// Hash of what a loss consumes. Sequences are hashed one by one, with the number of their instance, and the hashes are added mod 2^64: the sum of a step is the same for
/// every world and every order. It finds mistakes, not forgers.
/// </summary>
public static class SampleHash
{
    private const ulong Odd = 0x9E3779B97F4A7C15;
    private const ulong Odd2 = 0xD6E8FEB86659FD93;

    /// <summary>Hash of one sequence.</summary>
    /// <param name="instance">Its number in the data set.</param>
    /// <param name="ids">[T] token ids.</param>
    /// <param name="labels">[T] ids to predict, or <see cref="InstanceLabels.Ignored"/>.</param>
    public static ulong OfSequence(long instance, ReadOnlySpan<int> ids, ReadOnlySpan<int> labels)
    {
        if (ids.Length != labels.Length)
        {
            throw new ArgumentException($"{labels.Length} labels for {ids.Length} ids.", nameof(labels));
        }

        ulong hash = Finish((ulong)instance + Odd);
        for (int t = 0; t < ids.Length; t++)
        {
            hash = (BitOperations.RotateLeft(hash, 29) ^ ((uint)ids[t] | ((ulong)(uint)labels[t] << 32))) * Odd;
        }

        return Finish(hash);
    }

    /// <summary>What a batch adds to the hash of all that a run consumed: bound to its place in the order of the data.</summary>
    /// <param name="batch">Number of the batch.</param>
    /// <param name="sum">Sum of the hashes of its sequences.</param>
    public static ulong OfBatch(long batch, ulong sum) => Finish(sum ^ Finish(((ulong)batch * Odd2) + Odd));

    private static ulong Finish(ulong x)
    {
        x = (x ^ (x >> 32)) * Odd2;
        x = (x ^ (x >> 29)) * Odd;
        return x ^ (x >> 32);
    }
}
