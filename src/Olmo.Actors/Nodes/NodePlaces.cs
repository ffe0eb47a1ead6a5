namespace Olmo.Actors.Nodes;

/// <summary>
/// Places of a machine that are not used, and why: one whose ranks failed their self-test, one that rests after a conviction, and one that is quarantined since its ranks were convicted
/// again: it may be the place's processor or its memory.
/// </summary>
internal sealed class NodePlaces
{
    private const int MaxUnfit = 2;
    private readonly NodeSettings _settings;
    private readonly Dictionary<int, int> _convictions;
    private readonly Dictionary<int, int> _unfit = [];
    private readonly HashSet<int> _resting = [];
    private readonly HashSet<int> _closed = [];

    public NodePlaces(NodeSettings settings)
    {
        _settings = settings;
        _convictions = new(settings.Convictions);
        _closed.UnionWith(_convictions.Where(c => c.Value >= settings.MaxConvictions).Select(c => c.Key));
    }

    /// <summary>Places that are not to be used.</summary>
    public IReadOnlySet<int> Avoided => new HashSet<int>(_resting.Concat(_closed));

    /// <summary>A rank in a place computed wrong.</summary>
    /// <returns>How long the place rests, null where it is not used any more, and one clause for a person.</returns>
    public (TimeSpan? EmptyFor, string What) Convict(int place)
    {
        int times = _convictions[place] = _convictions.GetValueOrDefault(place) + 1;
        if (times >= _settings.MaxConvictions)
        {
            _closed.Add(place);
            return (null, $"computed wrong: place {place} is quarantined and not used any more, time {times}");
        }

        if (_settings.ConvictedRest > TimeSpan.Zero)
        {
            _resting.Add(place);
        }

        return (_settings.ConvictedRest, $"computed wrong: place {place} is not used for {_settings.ConvictedRest}, time {times}");
    }

    /// <summary>Keeps the convictions.</summary>
    /// <exception cref="IOException">They count, but they could not be kept.</exception>
    public void Record() => _settings.KeepConvictions(_convictions);

    /// <summary>A rank in a place failed its self-test. It was never ready, so nothing depends on it.</summary>
    /// <returns>One clause for a person.</returns>
    public string Fail(int place)
    {
        int times = _unfit[place] = _unfit.GetValueOrDefault(place) + 1;
        if (times >= MaxUnfit)
        {
            _closed.Add(place);
        }

        return $"failed its self-test, time {times} in place {place}{(times >= MaxUnfit ? ", which is not used any more" : "")}";
    }

    /// <summary>The rest of a place is over.</summary>
    public void Rested(int place) => _resting.Remove(place);
}
