namespace Olmo.Data.Tokenization;

/// <summary>
/// Chooses merges: always the pair that occurs most often, of equals the one with the smaller (left id, right id). Counts are kept up to
/// date merge by merge, in the pieces that hold the pair, and a queue with late correction finds the largest.
/// </summary>
internal sealed class MergeLearner
{
    private readonly TrainingPieces _pieces;
    private readonly List<string> _tokens;
    private readonly List<int> _lengths = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly PairTable _pairs = new();
    private readonly PriorityQueue<int, PairPriority> _queue = new();
    private readonly HashSet<int> _raised = [];
    private readonly int _lengthLimit;

    /// <param name="pieces">Pieces as symbols; they are merged in place.</param>
    /// <param name="tokens">Special tokens and alphabet by id; gets the merged tokens.</param>
    /// <param name="maxTokenLength">See <see cref="BpeTrainerOptions.MaxTokenLength"/>.</param>
    public MergeLearner(TrainingPieces pieces, List<string> tokens, int? maxTokenLength)
    {
        _pieces = pieces;
        _tokens = tokens;
        _lengthLimit = maxTokenLength ?? int.MaxValue;
        for (int id = 0; id < tokens.Count; id++)
        {
            _ids.TryAdd(tokens[id], id);
            _lengths.Add(1);
        }
    }

    /// <summary>In order; a merge whose result exists already reuses its id.</summary>
    public List<Merge> Merges { get; } = [];

    public void Learn(int vocabularySize, long minFrequency, Action<int> progress, CancellationToken cancellation)
    {
        CountAll(cancellation);
        long least = Math.Max(1, minFrequency);
        while (_tokens.Count < vocabularySize && _queue.TryDequeue(out int pair, out PairPriority priority))
        {
            cancellation.ThrowIfCancellationRequested();
            long count = _pairs.CountOf(pair);
            if (count != priority.Count)
            {
                Enqueue(pair);
                continue;
            }

            if (count < least)
            {
                break;
            }

            Apply(pair);
            progress(_tokens.Count);
        }
    }

    private void CountAll(CancellationToken cancellation)
    {
        for (int piece = 0; piece < _pieces.Count; piece++)
        {
            if ((piece & 0xFFFF) == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }

            ReadOnlySpan<int> symbols = _pieces.SymbolsOf(piece);
            for (int i = 0; i + 1 < symbols.Length; i++)
            {
                _pairs.Add(_pairs.IndexOf(symbols[i], symbols[i + 1]), _pieces.OccurrencesOf(piece), piece);
            }
        }

        for (int pair = 0; pair < _pairs.Count; pair++)
        {
            Enqueue(pair);
        }
    }

    private void Apply(int pair)
    {
        int left = _pairs.LeftOf(pair);
        int right = _pairs.RightOf(pair);
        string text = _tokens[left] + _tokens[right];
        if (!_ids.TryGetValue(text, out int result))
        {
            result = _tokens.Count;
            _tokens.Add(text);
            _lengths.Add(0);
            _ids.Add(text, result);
        }

        int length = _lengths[left] + _lengths[right];
        _lengths[result] = Math.Max(_lengths[result], length);
        Merge merge = new(left, right, result);
        Merges.Add(merge);
        _raised.Clear();
        foreach (int piece in _pairs.TakePieces(pair))
        {
            MergeIn(piece, merge, length);
        }

        foreach (int raised in _raised)
        {
            Enqueue(raised);
        }
    }

    /// <summary>Merges left to right in one piece and moves the counts of the pairs that vanish and arise.</summary>
    private void MergeIn(int piece, Merge merge, int length)
    {
        long occurrences = _pieces.OccurrencesOf(piece);
        Span<int> symbols = _pieces.SymbolsOf(piece);
        int write = 0;
        int read = 0;
        while (read < symbols.Length)
        {
            if (symbols[read] != merge.Left || read + 1 == symbols.Length || symbols[read + 1] != merge.Right)
            {
                symbols[write++] = symbols[read++];
                continue;
            }

            Lose(merge.Left, merge.Right, occurrences);
            if (write > 0)
            {
                Lose(symbols[write - 1], merge.Left, occurrences);
                Gain(symbols[write - 1], merge.Result, length + _lengths[symbols[write - 1]], occurrences, piece);
            }

            read += 2;
            if (read < symbols.Length)
            {
                Lose(merge.Right, symbols[read], occurrences);
                Gain(merge.Result, symbols[read], length + _lengths[symbols[read]], occurrences, piece);
            }

            symbols[write++] = merge.Result;
        }

        _pieces.Shorten(piece, write);
    }

    private void Lose(int left, int right, long occurrences) => _pairs.Subtract(_pairs.IndexOf(left, right), occurrences);

    private void Gain(int left, int right, int joinedLength, long occurrences, int piece)
    {
        int pair = _pairs.IndexOf(left, right);
        if (joinedLength < _lengthLimit)
        {
            _pairs.Add(pair, occurrences, piece);
            _raised.Add(pair);
        }
    }

    private void Enqueue(int pair)
    {
        if (_pairs.CountOf(pair) is > 0 and long count)
        {
            _queue.Enqueue(pair, new PairPriority(count, _pairs.LeftOf(pair), _pairs.RightOf(pair)));
        }
    }

    /// <summary>Smaller comes first: higher count, then smaller ids.</summary>
    private readonly record struct PairPriority(long Count, int Left, int Right) : IComparable<PairPriority>
    {
        public int CompareTo(PairPriority other)
        {
            int order = other.Count.CompareTo(Count);
            order = order != 0 ? order : Left.CompareTo(other.Left);
            return order != 0 ? order : Right.CompareTo(other.Right);
        }
    }
}
