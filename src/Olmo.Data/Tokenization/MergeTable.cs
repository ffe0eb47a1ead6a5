using System.Numerics;
using System.Runtime.CompilerServices;

namespace Olmo.Data.Tokenization;

/// <summary>Pair of ids to rank and result, by open addressing: the look-up of the encoder's inner loop.</summary>
internal sealed class MergeTable
{
    /// <summary>Rank of a pair that does not merge: behind all others.</summary>
    public const int NoRank = int.MaxValue;

    private const ulong Empty = ulong.MaxValue;

    private readonly Slot[] _slots;
    private readonly int _shift;

    /// <param name="merges">In order of rank; a pair that stands there twice has the later rank, as in the reference.</param>
    public MergeTable(ReadOnlySpan<Merge> merges)
    {
        int bits = BitOperations.Log2((uint)Math.Max(merges.Length, 8)) + 2;
        _shift = 64 - bits;
        _slots = new Slot[1 << bits];
        Array.Fill(_slots, new Slot(Empty, NoRank, 0));
        for (int rank = 0; rank < merges.Length; rank++)
        {
            Merge merge = merges[rank];
            ulong key = Key(merge.Left, merge.Right);
            int index = First(key);
            while (_slots[index].Key != Empty && _slots[index].Key != key)
            {
                index = (index + 1) & (_slots.Length - 1);
            }

            _slots[index] = new Slot(key, rank, merge.Result);
        }
    }

    /// <summary>Rank of the pair, or <see cref="NoRank"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(int left, int right, out int result)
    {
        ulong key = Key(left, right);
        Slot[] slots = _slots;
        int index = First(key);
        while (true)
        {
            ref readonly Slot slot = ref slots[index & (slots.Length - 1)];
            if (slot.Key == key || slot.Key == Empty)
            {
                result = slot.Result;
                return slot.Rank;
            }

            index++;
        }
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int First(ulong key) => (int)((key * 0x9E3779B97F4A7C15UL) >> _shift);

    private readonly record struct Slot(ulong Key, int Rank, int Result);
}
