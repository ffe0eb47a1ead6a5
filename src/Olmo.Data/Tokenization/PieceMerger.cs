namespace Olmo.Data.Tokenization;

/// <summary>
/// Merges the symbols of one piece: always the pair of lowest rank, the leftmost of equals. Keeps its buffers; one per thread.
/// </summary>
internal sealed class PieceMerger(MergeTable merges)
{
    /// <summary>Above this length a heap finds the next merge (n log n), below it a scan (n², but faster).</summary>
    private const int ScanLengthMax = 96;

    private int[] _ranks = new int[ScanLengthMax];
    private int[] _results = new int[ScanLengthMax];
    private int[] _next = [];
    private int[] _previous = [];
    private readonly PriorityQueue<int, long> _heap = new();

    /// <summary>Merges in place and returns how many symbols are left, at the front.</summary>
    public int Merge(Span<int> symbols)
    {
        if (symbols.Length < 2)
        {
            return symbols.Length;
        }

        if (_ranks.Length < symbols.Length)
        {
            int capacity = Math.Max(symbols.Length, _ranks.Length * 2);
            _ranks = new int[capacity];
            _results = new int[capacity];
        }

        return symbols.Length <= ScanLengthMax ? MergeByScan(symbols) : MergeByHeap(symbols);
    }

    private int MergeByScan(Span<int> symbols)
    {
        int count = symbols.Length;
        Span<int> ranks = _ranks.AsSpan(0, count);
        Span<int> results = _results.AsSpan(0, count);
        for (int i = 0; i + 1 < count; i++)
        {
            ranks[i] = merges.Find(symbols[i], symbols[i + 1], out results[i]);
        }

        while (count > 1)
        {
            int best = 0;
            int bestRank = ranks[0];
            for (int i = 1; i < count - 1; i++)
            {
                if (ranks[i] < bestRank)
                {
                    bestRank = ranks[i];
                    best = i;
                }
            }

            if (bestRank == MergeTable.NoRank)
            {
                break;
            }

            symbols[best] = results[best];
            count--;
            int moved = count - best - 1;
            symbols.Slice(best + 2, moved).CopyTo(symbols[(best + 1)..]);
            if (moved > 0)
            {
                ranks.Slice(best + 2, moved - 1).CopyTo(ranks[(best + 1)..]);
                results.Slice(best + 2, moved - 1).CopyTo(results[(best + 1)..]);
                ranks[best] = merges.Find(symbols[best], symbols[best + 1], out results[best]);
            }

            if (best > 0)
            {
                ranks[best - 1] = merges.Find(symbols[best - 1], symbols[best], out results[best - 1]);
            }
        }

        return count;
    }

    private int MergeByHeap(Span<int> symbols)
    {
        int count = symbols.Length;
        if (_next.Length < count)
        {
            _next = new int[_ranks.Length];
            _previous = new int[_ranks.Length];
        }

        _heap.Clear();
        for (int i = 0; i < count; i++)
        {
            _previous[i] = i - 1;
            _next[i] = i + 1 < count ? i + 1 : -1;
        }

        for (int i = 0; i < count; i++)
        {
            Rank(symbols, i);
        }

        while (_heap.TryDequeue(out int at, out long priority))
        {
            if (_ranks[at] != (int)(priority >> 32))
            {
                continue; // the pair at this place has changed since
            }

            int right = _next[at];
            symbols[at] = _results[at];
            _ranks[right] = MergeTable.NoRank;
            _next[at] = _next[right];
            if (_next[right] >= 0)
            {
                _previous[_next[right]] = at;
            }

            Rank(symbols, at);
            if (_previous[at] >= 0)
            {
                Rank(symbols, _previous[at]);
            }
        }

        int left = 0;
        for (int i = 0; i >= 0; i = _next[i])
        {
            symbols[left++] = symbols[i];
        }

        return left;
    }

    private void Rank(ReadOnlySpan<int> symbols, int at)
    {
        int right = _next[at];
        _ranks[at] = right < 0 ? MergeTable.NoRank : merges.Find(symbols[at], symbols[right], out _results[at]);
        if (_ranks[at] != MergeTable.NoRank)
        {
            _heap.Enqueue(at, ((long)_ranks[at] << 32) | (uint)at);
        }
    }
}
