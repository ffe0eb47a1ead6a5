using System.Numerics;

namespace Olmo.Data.Instances;

/// <summary>
/// A pseudo-random permutation of 0 ... count - 1 by a Feistel network of <see cref="Rounds"/> rounds on the smallest even number of bits
/// that holds the count, with cycle walking (Black, Rogaway: "Ciphers with arbitrary finite domains", CT-RSA 2002): a value that falls outside is sent through
/// again, less than four times on average. Round function: two finalisers of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). Part of the numerics id.
/// </summary>
internal sealed class CounterPermutation : EpochOrder
{
    private const int Rounds = 8;
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private readonly ulong[] _keys = new ulong[Rounds];
    private readonly int _halfBits;
    private readonly ulong _halfMask;

    public CounterPermutation(ulong seed, long epoch, long count)
        : base(count)
    {
        int bits = count <= 1 ? 0 : 64 - BitOperations.LeadingZeroCount((ulong)count - 1);
        _halfBits = Math.Max(1, (bits + 1) / 2);
        _halfMask = (1UL << _halfBits) - 1;
        ulong state = Mix(Mix(seed + Golden) ^ (ulong)epoch);
        for (int i = 0; i < Rounds; i++)
        {
            state += Golden;
            _keys[i] = Mix(state);
        }
    }

    private protected override long At(long position)
    {
        ulong value = (ulong)position;
        do
        {
            value = Encrypt(value);
        }
        while (value >= (ulong)Count);
        return (long)value;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private ulong Encrypt(ulong value)
    {
        ulong left = value >> _halfBits;
        ulong right = value & _halfMask;
        foreach (ulong key in _keys)
        {
            ulong mixed = Mix(Mix(right + key) ^ key) & _halfMask;
            (left, right) = (right, left ^ mixed);
        }

        return (left << _halfBits) | right;
    }
}
