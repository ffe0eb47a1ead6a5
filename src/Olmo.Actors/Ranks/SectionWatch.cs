namespace Olmo.Actors.Ranks;

/// <summary>
/// Watches the sections of a rank on a thread of its own, which takes no lock and allocates only to report: a compute thread that is stuck holding whatever it holds is found.
/// It decides nothing; the supervisor of ranks does.
/// </summary>
public sealed class SectionWatch : IDisposable
{
    private readonly SectionClock[] _clocks;
    private readonly SectionLimits _limits;
    private readonly Action<SectionStanding, TimeSpan> _overdue;
    private readonly (long Entry, TimeSpan Told)[] _told;
    private readonly ManualResetEventSlim _end = new();
    private readonly Thread? _thread;

    /// <summary>A watch.</summary>
    /// <param name="clocks">One for each thread.</param>
    /// <param name="limits">How long sections may take.</param>
    /// <param name="overdue">Called on the watch's thread with the section and its limit: once when it is over it, and again each time that the limit passes once more.</param>
    /// <param name="period">Time between two looks; null: whoever made it calls <see cref="Look"/>.</param>
    public SectionWatch(IEnumerable<SectionClock> clocks, SectionLimits limits, Action<SectionStanding, TimeSpan> overdue, TimeSpan? period)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(overdue);
        _clocks = [.. clocks];
        _limits = limits;
        _overdue = overdue;
        _told = new (long, TimeSpan)[_clocks.Length];
        if (period is { } every)
        {
            _thread = new Thread(() => Run(every)) { IsBackground = true, Name = "section-watch" };
            _thread.Start();
        }
    }

    /// <summary>Looks once.</summary>
    public void Look()
    {
        for (int i = 0; i < _clocks.Length; i++)
        {
            SectionStanding standing = _clocks[i].Read();
            if (_limits.Of(standing.Section, _clocks[i].Learnt(standing.Section)) is not { } limit)
            {
                continue;
            }

            TimeSpan told = _told[i].Entry == standing.Entry && standing.Elapsed >= _told[i].Told ? _told[i].Told : TimeSpan.Zero;
            if (standing.Elapsed - told >= limit)
            {
                _told[i] = (standing.Entry, standing.Elapsed);
                _overdue(standing, limit);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _end.Set();
        _thread?.Join();
        _end.Dispose();
    }

    private void Run(TimeSpan period)
    {
        while (!_end.Wait(period))
        {
            Look();
        }
    }
}
