namespace Olmo.Data.Baselines;

/// <summary>Counts of pairs (left, right) of ids: an open-addressing table that grows with the different pairs seen.</summary>
internal sealed class PairCounts
{
    private ulong[] _keys = new ulong[1 << 10];
    private long[] _counts = new long[1 << 10];

    /// <summary>Different pairs.</summary>
    public int Distinct { get; private set; }

    public void Add(int left, int right, long count = 1)
    {
        if (Distinct >= _keys.Length / 2)
        {
            Grow();
        }

        int slot = SlotOf(Key(left, right));
        if (_counts[slot] == 0)
        {
            _keys[slot] = Key(left, right);
            Distinct++;
        }

        _counts[slot] += count;
    }

    public long Count(int left, int right) => _counts[SlotOf(Key(left, right))];

    /// <summary>All pairs with their counts; the order depends only on the pairs and the order in which they were added.</summary>
    public IEnumerable<(int Left, int Right, long Count)> All()
    {
        for (int i = 0; i < _keys.Length; i++)
        {
            if (_counts[i] > 0)
            {
                yield return ((int)(_keys[i] >> 32), (int)(uint)_keys[i], _counts[i]);
            }
        }
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int SlotOf(ulong key)
    {
        int mask = _keys.Length - 1;
        int slot = (int)((key * 0x9E3779B97F4A7C15) >> 32) & mask;
        while (_counts[slot] != 0 && _keys[slot] != key)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private void Grow()
    {
        (ulong[] keys, long[] counts) = (_keys, _counts);
        _keys = new ulong[checked(keys.Length * 2)];
        _counts = new long[_keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            if (counts[i] != 0)
            {
                int slot = SlotOf(keys[i]);
                _keys[slot] = keys[i];
                _counts[slot] = counts[i];
            }
        }
    }
}
