using System.Text;

namespace Olmo.Data.Tokenization;

/// <summary>What one thread needs to encode pieces: the cache of pieces, buffers, and the ids so far.</summary>
internal sealed class EncoderWorkspace(BpeModel model)
{
    private const int CacheCapacity = 1 << 15;
    private const int KeptIdsMax = 1 << 20;

    private readonly PieceCache _cache = new(CacheCapacity);
    private readonly PieceMerger _merger = new(model.Merges);
    private byte[] _bytes = new byte[256];
    private int[] _symbols = new int[256];
    private int[] _ids = new int[1024];
    private int _count;

    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, _count);

    /// <summary>Forgets the ids, and a buffer that one huge text has made.</summary>
    public void Reset()
    {
        _count = 0;
        if (_ids.Length > KeptIdsMax)
        {
            _ids = new int[1024];
        }
    }

    public void Add(int id)
    {
        if (_count == _ids.Length)
        {
            Grow(1);
        }

        _ids[_count++] = id;
    }

    /// <summary>Appends the ids of the piece [start, end) of a text.</summary>
    public void AddPiece(ReadOnlySpan<char> text, int start, int end)
    {
        int length = end - start;
        if (_ids.Length - _count < PieceCache.IdCountMax)
        {
            Grow(PieceCache.IdCountMax);
        }

        if (length > PieceCache.PieceLengthMax)
        {
            Append(Compute(text[start..end]));
            return;
        }

        var key = PieceCache.Key(text, start, length);
        ReadOnlySpan<int> cached = _cache.Find(key, length);
        if (cached.Length > 0)
        {
            Span<int> target = _ids.AsSpan(_count);
            for (int i = 0; i < cached.Length; i++)
            {
                target[i] = cached[i];
            }

            _count += cached.Length;
            return;
        }

        ReadOnlySpan<int> ids = Compute(text[start..end]);
        _cache.Add(key, length, ids);
        Append(ids);
    }

    /// <summary>The ids of a piece; valid until the next call.</summary>
    public ReadOnlySpan<int> Compute(ReadOnlySpan<char> piece)
    {
        int bytesMax = Encoding.UTF8.GetMaxByteCount(piece.Length);
        if (_bytes.Length < bytesMax)
        {
            _bytes = new byte[Math.Max(bytesMax, _bytes.Length * 2)];
            _symbols = new int[_bytes.Length];
        }

        ReadOnlySpan<byte> bytes = _bytes.AsSpan(0, Encoding.UTF8.GetBytes(piece, _bytes));
        if (model.WholePieces && model.IdOfBytes(bytes) is { } whole)
        {
            _symbols[0] = whole;
            return _symbols.AsSpan(0, 1);
        }

        int count = 0;
        foreach (byte b in bytes)
        {
            // A byte that the vocabulary lacks vanishes, and its neighbours may merge: so does the reference.
            if (model.ByteIds[b] is >= 0 and int id)
            {
                _symbols[count++] = id;
            }
        }

        return _symbols.AsSpan(0, _merger.Merge(_symbols.AsSpan(0, count)));
    }

    private void Append(ReadOnlySpan<int> ids)
    {
        if (_ids.Length - _count < ids.Length)
        {
            Grow(ids.Length);
        }

        ids.CopyTo(_ids.AsSpan(_count));
        _count += ids.Length;
    }

    private void Grow(int more) => Array.Resize(ref _ids, (int)Math.Min(Math.Max(_ids.Length * 2L, (long)_count + more), Array.MaxLength));
}
