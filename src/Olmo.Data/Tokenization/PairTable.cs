namespace Olmo.Data.Tokenization;

/// <summary>For each pair of ids that stands somewhere: how often, and in which pieces it may stand (some may have lost it).</summary>
internal sealed class PairTable
{
    private ulong[] _keys = new ulong[1 << 12];
    private int[] _slots = new int[1 << 13];
    private long[] _counts = new long[1 << 12];
    private int[][] _pieces = new int[1 << 12][];
    private int[] _pieceCounts = new int[1 << 12];
    private int _used;

    /// <summary>Index of the pair, made if it is new.</summary>
    public int IndexOf(int left, int right)
    {
        ulong key = ((ulong)(uint)left << 32) | (uint)right;
        int slot = First(key);
        while (_slots[slot] is > 0 and int taken)
        {
            if (_keys[taken - 1] == key)
            {
                return taken - 1;
            }

            slot = (slot + 1) & (_slots.Length - 1);
        }

        if (_used == _keys.Length)
        {
            int capacity = checked(_used * 2);
            Array.Resize(ref _keys, capacity);
            Array.Resize(ref _counts, capacity);
            Array.Resize(ref _pieces, capacity);
            Array.Resize(ref _pieceCounts, capacity);
        }

        _keys[_used] = key;
        _pieces[_used] = [];
        _slots[slot] = ++_used;
        int index = _used - 1;
        if (_used * 2L > _slots.Length)
        {
            Rehash();
        }

        return index;
    }

    public int Count => _used;

    public int LeftOf(int index) => (int)(_keys[index] >> 32);

    public int RightOf(int index) => (int)_keys[index];

    public long CountOf(int index) => _counts[index];

    public void Subtract(int index, long occurrences) => _counts[index] -= occurrences;

    /// <summary>Adds occurrences in a piece. Pieces come in ascending order within one pass, so only the last can be the same.</summary>
    public void Add(int index, long occurrences, int piece)
    {
        _counts[index] += occurrences;
        int count = _pieceCounts[index];
        int[] pieces = _pieces[index];
        if (count > 0 && pieces[count - 1] == piece)
        {
            return;
        }

        if (count == pieces.Length)
        {
            Array.Resize(ref pieces, Math.Max(2, count * 2));
            _pieces[index] = pieces;
        }

        pieces[count] = piece;
        _pieceCounts[index] = count + 1;
    }

    /// <summary>Takes the list of pieces away: the pair is about to vanish from all of them.</summary>
    public ReadOnlySpan<int> TakePieces(int index)
    {
        ReadOnlySpan<int> pieces = _pieces[index].AsSpan(0, _pieceCounts[index]);
        _pieces[index] = [];
        _pieceCounts[index] = 0;
        return pieces;
    }

    private int First(ulong key) => (int)((key * 0x9E3779B97F4A7C15UL) >> 33) & (_slots.Length - 1);

    private void Rehash()
    {
        _slots = new int[checked(_slots.Length * 2)];
        for (int i = 0; i < _used; i++)
        {
            int slot = First(_keys[i]);
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & (_slots.Length - 1);
            }

            _slots[slot] = i + 1;
        }
    }
}
