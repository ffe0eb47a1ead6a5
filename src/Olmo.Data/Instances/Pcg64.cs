using System.Numerics;

namespace Olmo.Data.Instances;

/// <summary>
/// NumPy's <c>Generator(PCG64(seed))</c> as far as its shuffle needs it: SeedSequence, the generator PCG XSL-RR 128/64 and 32-bit draws that use the low
/// half of a 64-bit output first.
/// </summary>
internal sealed class Pcg64
{
    private const uint InitA = 0x43b0d7e5;
    private const uint MultiplierA = 0x931e8875;
    private const uint InitB = 0x8b51f9dd;
    private const uint MultiplierB = 0x58f38ded;
    private const uint MixLeft = 0xca01f9dd;
    private const uint MixRight = 0x4973f715;
    private const int PoolWords = 4;

    private static readonly UInt128 Multiplier = new(0x2360ED051FC65DA4, 0x4385DF649FCCF645);

    private UInt128 _state;
    private readonly UInt128 _increment;
    private uint _buffered;
    private bool _hasBuffered;

    /// <param name="seedWords">The seed in 32-bit words, lowest first, without leading zero words (none for seed 0).</param>
    public Pcg64(ReadOnlySpan<uint> seedWords)
    {
        ulong[] words = SeedSequence(seedWords);
        _increment = (new UInt128(words[2], words[3]) << 1) | 1;
        _state = 0;
        Step();
        _state += new UInt128(words[0], words[1]);
        Step();
    }

    public Pcg64(UInt128 seed)
        : this(Words(seed))
    {
    }

    internal UInt128 State => _state;

    internal UInt128 Increment => _increment;

    /// <summary>Four 64-bit words of NumPy's SeedSequence.</summary>
    internal static ulong[] SeedSequence(ReadOnlySpan<uint> seedWords)
    {
        Span<uint> pool = stackalloc uint[PoolWords];
        uint hashConstant = InitA;
        for (int i = 0; i < PoolWords; i++)
        {
            pool[i] = Hash(i < seedWords.Length ? seedWords[i] : 0, ref hashConstant);
        }

        for (int source = 0; source < PoolWords; source++)
        {
            for (int target = 0; target < PoolWords; target++)
            {
                if (source != target)
                {
                    pool[target] = MixWords(pool[target], Hash(pool[source], ref hashConstant));
                }
            }
        }

        for (int source = PoolWords; source < seedWords.Length; source++)
        {
            for (int target = 0; target < PoolWords; target++)
            {
                pool[target] = MixWords(pool[target], Hash(seedWords[source], ref hashConstant));
            }
        }

        return Output(pool);
    }

    public ulong Next64()
    {
        Step();
        ulong folded = (ulong)(_state >> 64) ^ (ulong)_state;
        return ulong.RotateRight(folded, (int)(_state >> 122));
    }

    public uint Next32()
    {
        if (_hasBuffered)
        {
            _hasBuffered = false;
            return _buffered;
        }

        ulong next = Next64();
        _buffered = (uint)(next >> 32);
        _hasBuffered = true;
        return (uint)next;
    }

    /// <summary>NumPy's shuffle of an array of at most 2^32 elements: from the last element down, masked rejection sampling.</summary>
    public void Shuffle(Span<uint> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            uint mask = uint.MaxValue >> BitOperations.LeadingZeroCount((uint)i);
            uint j;
            do
            {
                j = Next32() & mask;
            }
            while (j > (uint)i);
            (values[i], values[(int)j]) = (values[(int)j], values[i]);
        }
    }

    private static uint[] Words(UInt128 seed)
    {
        List<uint> words = [];
        for (; seed != 0; seed >>= 32)
        {
            words.Add((uint)(seed & uint.MaxValue));
        }

        return [.. words];
    }

    private static ulong[] Output(ReadOnlySpan<uint> pool)
    {
        ulong[] words = new ulong[4];
        uint constant = InitB;
        for (int i = 0; i < 8; i++)
        {
            uint value = pool[i % PoolWords] ^ constant;
            constant *= MultiplierB;
            value *= constant;
            value ^= value >> 16;
            words[i / 2] |= (ulong)value << (32 * (i % 2));
        }

        return words;
    }

    private static uint Hash(uint value, ref uint constant)
    {
        value ^= constant;
        constant *= MultiplierA;
        value *= constant;
        return value ^ (value >> 16);
    }

    private static uint MixWords(uint x, uint y)
    {
        uint result = (MixLeft * x) - (MixRight * y);
        return result ^ (result >> 16);
    }

    private void Step() => _state = (_state * Multiplier) + _increment;
}
