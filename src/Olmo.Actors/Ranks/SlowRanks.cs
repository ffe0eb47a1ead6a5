namespace Olmo.Actors.Ranks;

/// <summary>
/// Which ranks are slow: over windows of steps the fastest rank's time for a group over a rank's own. Only <see cref="WindowsToFlag"/> windows in a row flag a rank, never one;
/// nothing that is computed depends on it.
/// </summary>
public sealed class SlowRanks
{
    /// <summary>Windows in a row below the threshold that flag a rank.</summary>
    public const int WindowsToFlag = 2;

    /// <summary>A rank below this share of the fastest one's speed is slow.</summary>
    public const double Threshold = 0.6;

    private readonly Dictionary<int, int> _below = [];
    private readonly Dictionary<int, double> _window = [];
    private long _end = -1;

    /// <summary>Takes a rank's time of a window.</summary>
    /// <param name="rank">The rank.</param>
    /// <param name="windowEnd">Last step of the window; the same for all ranks.</param>
    /// <param name="secondsPerGroup">Its mean time for a group.</param>
    /// <param name="members">Ranks of the world.</param>
    /// <returns>Ranks that are flagged by this window, with their scores; empty until the last of the world's ranks was heard.</returns>
    public IReadOnlyList<(int Rank, double Score)> Add(int rank, long windowEnd, double secondsPerGroup, IReadOnlyCollection<int> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        if (windowEnd != _end)
        {
            if (windowEnd < _end)
            {
                return []; // of a window that others have left behind
            }

            _end = windowEnd;
            _window.Clear();
        }

        _window[rank] = secondsPerGroup;
        if (members.Count < 2 || !members.All(_window.ContainsKey))
        {
            return [];
        }

        double best = members.Min(m => _window[m]);
        List<(int Rank, double Score)> flagged = [];
        foreach (int member in members.Order())
        {
            double score = _window[member] > 0 ? best / _window[member] : 1;
            int below = _below[member] = score < Threshold ? _below.GetValueOrDefault(member) + 1 : 0;
            if (below == WindowsToFlag)
            {
                flagged.Add((member, score));
            }
        }

        _window.Clear();
        return flagged;
    }

    /// <summary>A new world, or a step that is done again: windows begin anew, what was seen of its members before stays.</summary>
    public void Restart(IReadOnlyCollection<int> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        foreach (int gone in _below.Keys.Except(members).ToArray())
        {
            _below.Remove(gone);
        }

        _end = -1;
        _window.Clear();
    }
}
