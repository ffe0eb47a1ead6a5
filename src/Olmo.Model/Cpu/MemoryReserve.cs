using Olmo.Model.Compute;

namespace Olmo.Model.Cpu;

/// <summary>
/// Memory that was taken from the system, and touched, before anybody needs it: a rank that stands by does so, because taking a gigabyte while others wait costs them
/// half a second. Each piece is given once, as zeros. Safe for several threads.
/// </summary>
internal sealed class MemoryReserve : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<AlignedBuffer> _pieces = [];

    /// <summary>Bytes that lie ready.</summary>
    public long SizeBytes
    {
        get
        {
            lock (_gate)
            {
                long bytes = 0;
                foreach (AlignedBuffer piece in _pieces)
                {
                    bytes += piece.LengthBytes;
                }

                return bytes;
            }
        }
    }

    /// <summary>Takes a piece from the system and touches it.</summary>
    public void Add(long sizeBytes)
    {
        AlignedBuffer piece = new(sizeBytes);
        lock (_gate)
        {
            _pieces.Add(piece);
        }
    }

    /// <summary>The smallest piece that has at least <paramref name="sizeBytes"/> and at most twice as many; the caller's from now on. Null: there is none.</summary>
    public AlignedBuffer? Take(long sizeBytes)
    {
        lock (_gate)
        {
            int best = -1;
            for (int i = 0; i < _pieces.Count; i++)
            {
                long length = _pieces[i].LengthBytes;
                if (length >= sizeBytes && length / 2 <= sizeBytes && (best < 0 || length < _pieces[best].LengthBytes))
                {
                    best = i;
                }
            }

            if (best < 0)
            {
                return null;
            }

            AlignedBuffer piece = _pieces[best];
            _pieces.RemoveAt(best);
            return piece;
        }
    }

    /// <summary>Gives what is left back to the system.</summary>
    public void Release()
    {
        lock (_gate)
        {
            foreach (AlignedBuffer piece in _pieces)
            {
                piece.Dispose();
            }

            _pieces.Clear();
        }
    }

    /// <inheritdoc />
    public void Dispose() => Release();
}
