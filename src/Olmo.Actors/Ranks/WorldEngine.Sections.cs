using Olmo.Actors.Collectives;

namespace Olmo.Actors.Ranks;

/// <content>Where the engine's threads are, for whoever watches them.</content>
public sealed partial class WorldEngine
{
    private readonly SectionClock _sections;
    private readonly SectionClock _setup;
    private long _computeTicks;
    private bool _isForward;

    /// <inheritdoc/>
    public IReadOnlyList<SectionClock> Clocks => [_sections, _setup];

    /// <inheritdoc/>
    public MeshOperations? Operations => _generation?.Mesh?.Operations();

    /// <inheritdoc/>
    public (long Groups, TimeSpan Time) Computing => (Interlocked.Read(ref _computedGroups), _time.GetElapsedTime(0, Interlocked.Read(ref _computeTicks)));

    /// <summary>A block of state, base or parameters came.</summary>
    internal void SetupProgresses() => _setup.Beat();

    // The first layer that is whole ends the forward pass; the groups of audits are no different.
    private void OnBackward(long step)
    {
        if (_isForward)
        {
            _isForward = false;
            _sections.Enter(RankSection.Backward, step);
        }
    }
}
