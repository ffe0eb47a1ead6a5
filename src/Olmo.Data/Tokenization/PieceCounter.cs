using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Olmo.Data.Tokenization;

/// <summary>
/// Counts pieces. Each different piece is kept once, in chunks of text, in order of first appearance; memory grows with the
/// different pieces, not with the text.
/// </summary>
internal sealed class PieceCounter
{
    private const int ChunkLength = 1 << 20;

    private readonly List<char[]> _chunks = [];
    private int _chunkUsed;
    private Entry[] _entries = new Entry[1 << 12];
    private int[] _slots = new int[1 << 13];
    private int _count;

    /// <summary>How many different pieces there are.</summary>
    public int Count => _count;

    public void Add(ReadOnlySpan<char> piece)
    {
        ulong hash = Hash(piece);
        int slot = (int)(hash & (uint)(_slots.Length - 1));
        while (_slots[slot] is > 0 and int taken)
        {
            ref Entry entry = ref _entries[taken - 1];
            if (entry.Hash == (uint)(hash >> 32) && entry.Length == piece.Length && Text(entry).SequenceEqual(piece))
            {
                entry.Occurrences++;
                return;
            }

            slot = (slot + 1) & (_slots.Length - 1);
        }

        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, checked(_count * 2));
        }

        (int chunk, int start) = Store(piece);
        _entries[_count++] = new Entry { Hash = (uint)(hash >> 32), Chunk = chunk, Start = start, Length = piece.Length, Occurrences = 1 };
        _slots[slot] = _count;
        if (_count * 2L > _slots.Length)
        {
            Rehash();
        }
    }

    public ReadOnlySpan<char> PieceAt(int index) => Text(_entries[index]);

    public long OccurrencesAt(int index) => _entries[index].Occurrences;

    private static ulong Hash(ReadOnlySpan<char> piece)
    {
        ulong hash = (uint)piece.Length * 0x9E3779B97F4A7C15UL;
        ref ulong words = ref Unsafe.As<char, ulong>(ref MemoryMarshal.GetReference(piece));
        int index = 0;
        for (; index + 4 <= piece.Length; index += 4)
        {
            ulong four = Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<ulong, byte>(ref Unsafe.AddByteOffset(ref words, (nuint)index * 2)));
            hash = Mix(hash ^ four);
        }

        ulong rest = 0;
        for (; index < piece.Length; index++)
        {
            rest = (rest << 16) | piece[index];
        }

        return Mix(hash ^ rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong value)
    {
        ulong high = Math.BigMul(value ^ 0x9E3779B97F4A7C15UL, 0xD6E8FEB86659FD93UL, out ulong low);
        return high ^ low;
    }

    private ReadOnlySpan<char> Text(in Entry entry) => _chunks[entry.Chunk].AsSpan(entry.Start, entry.Length);

    private (int Chunk, int Start) Store(ReadOnlySpan<char> piece)
    {
        if (_chunks.Count == 0 || _chunks[^1].Length - _chunkUsed < piece.Length)
        {
            _chunks.Add(new char[Math.Max(ChunkLength, piece.Length)]);
            _chunkUsed = 0;
        }

        int start = _chunkUsed;
        piece.CopyTo(_chunks[^1].AsSpan(start));
        _chunkUsed += piece.Length;
        return (_chunks.Count - 1, start);
    }

    private void Rehash()
    {
        _slots = new int[checked(_slots.Length * 2)];
        for (int i = 0; i < _count; i++)
        {
            ulong hash = Hash(Text(_entries[i]));
            int slot = (int)(hash & (uint)(_slots.Length - 1));
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & (_slots.Length - 1);
            }

            _slots[slot] = i + 1;
        }
    }

    private struct Entry
    {
        public long Occurrences;
        public uint Hash;
        public int Chunk;
        public int Start;
        public int Length;
    }
}
