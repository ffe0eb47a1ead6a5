namespace Olmo.Model.Kernels;

/// <summary>
/// How panels are dealt to workers: stripes of one size, then thinner and thinner ones, each a part of what is left, so that workers of which one was slower end together (guided
/// self-scheduling: Polychronopoulos, Kuck 1987).
/// </summary>
internal readonly unsafe struct GemmStripeCuts
{
    /// <summary>Room for the ends of the thinner stripes.</summary>
    public const int MostEnds = 256;

    // What a worker takes of what is left is 1 / (2 workers), and two panels at least.
    private const int PartsOfWorker = 2;
    private const int LeastPanels = 2;
    private const int MostThreads = 8;

    private readonly nint _size;
    private readonly nint _whole;
    private readonly nint* _ends;

    /// <summary>Cuts.</summary>
    /// <param name="panels">To deal out.</param>
    /// <param name="stripes">Stripes of one size that they would be.</param>
    /// <param name="threads">Workers; for one, and for more than eight, nothing gets thinner.</param>
    /// <param name="ends"><see cref="MostEnds"/> numbers, written; they must live as long as this.</param>
    public GemmStripeCuts(nint panels, nint stripes, int threads, nint* ends)
    {
        bool isTapered = threads is > 1 and <= MostThreads;
        int parts = PartsOfWorker * threads;
        _size = (panels + stripes - 1) / stripes;
        _ends = ends;
        nint tail = isTapered ? Math.Min(panels, _size * parts) : panels % _size;
        _whole = (panels - tail) / _size;
        nint at = _whole * _size;
        int count = 0;
        while (at < panels)
        {
            nint left = panels - at;
            nint part = isTapered ? Math.Max(LeastPanels, (left + parts - 1) / parts) : left;
            at += Math.Min(Math.Min(part, _size), left);
            ends[count++] = at;
        }

        Count = _whole + count;
    }

    /// <summary>Stripes.</summary>
    public nint Count { get; }

    /// <summary>Panels of a stripe.</summary>
    public (nint First, nint Last) Of(nint stripe)
    {
        if (stripe < _whole)
        {
            return (stripe * _size, (stripe + 1) * _size);
        }

        nint thin = stripe - _whole;
        return (thin == 0 ? _whole * _size : _ends[thin - 1], _ends[thin]);
    }
}
