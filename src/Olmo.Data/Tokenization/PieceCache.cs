using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Olmo.Data.Tokenization;

/// <summary>
/// Ids of short pieces seen before, in a table of fixed size: two places per piece, the older gives way. One per thread.
/// It changes speed only: what it forgets is computed again.
/// </summary>
internal sealed class PieceCache
{
    /// <summary>Longest piece kept, in UTF-16 units; one 256-bit comparison.</summary>
    public const int PieceLengthMax = 16;

    /// <summary>Most ids kept for a piece.</summary>
    public const int IdCountMax = 7;

    private readonly Entry[] _entries;
    private readonly int _shift;

    /// <param name="capacity">Entries of 64 bytes; a power of two.</param>
    public PieceCache(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(BitOperations.IsPow2(capacity), true);
        _entries = new Entry[capacity];
        _shift = 64 - BitOperations.Log2((uint)capacity);
    }

    /// <summary>The units of a piece, zero-filled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Key(ReadOnlySpan<char> text, int start, int length)
    {
        if (start + PieceLengthMax <= text.Length)
        {
            Vector256<ushort> units = Vector256.LoadUnsafe(ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(text)), (nuint)start);
            return units & Vector256.LessThan(Vector256<ushort>.Indices, Vector256.Create((ushort)length));
        }

        return KeyAtEnd(text, start, length);
    }

    /// <summary>The ids of the piece, or an empty span if it is not here. Valid until the next <see cref="Add"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<int> Find(Vector256<ushort> key, int length)
    {
        int index = First(key);
        ref Entry entry = ref _entries[index];
        if (entry.Key == key && entry.Length == length)
        {
            return entry.Ids[..entry.Count];
        }

        return FindSecond(index, key, length);
    }

    public void Add(Vector256<ushort> key, int length, ReadOnlySpan<int> ids)
    {
        if (ids.Length is 0 or > IdCountMax)
        {
            return;
        }

        int index = First(key);
        ref Entry entry = ref _entries[index];
        _entries[index ^ 1] = entry;
        entry.Key = key;
        entry.Length = (ushort)length;
        entry.Count = (ushort)ids.Length;
        ids.CopyTo(entry.Ids);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector256<ushort> KeyAtEnd(ReadOnlySpan<char> text, int start, int length)
    {
        Span<ushort> units = stackalloc ushort[PieceLengthMax];
        units.Clear();
        MemoryMarshal.Cast<char, ushort>(text.Slice(start, length)).CopyTo(units);
        return Vector256.Create<ushort>(units);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ReadOnlySpan<int> FindSecond(int index, Vector256<ushort> key, int length)
    {
        ref Entry first = ref _entries[index];
        ref Entry second = ref _entries[index ^ 1];
        if (second.Key != key || second.Length != length)
        {
            return default;
        }

        (first, second) = (second, first);
        return first.Ids[..first.Count];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int First(Vector256<ushort> key)
    {
        Vector256<ulong> words = key.AsUInt64();
        ulong hash = (words[0] * 0x9E3779B97F4A7C15UL) ^ BitOperations.RotateLeft(words[1] * 0xC2B2AE3D27D4EB4FUL, 23)
            ^ BitOperations.RotateLeft(words[2] * 0x165667B19E3779F9UL, 41) ^ (words[3] * 0xD6E8FEB86659FD93UL);
        hash ^= hash >> 32;
        return (int)((hash * 0x9E3779B97F4A7C15UL) >> _shift);
    }

    [InlineArray(IdCountMax)]
    private struct IdBlock
    {
        private int _first;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Entry
    {
        public Vector256<ushort> Key;
        private IdBlock _ids;
        public ushort Length;
        public ushort Count;

        [UnscopedRef]
        public Span<int> Ids => _ids;
    }
}
