namespace Olmo.Model.State;

/// <summary>Parameters of a living state that owns every shard. Read it only while no step is applied.</summary>
public sealed class StateChunkSource : IChunkSource
{
    private readonly TrainingState _state;

    /// <exception cref="ArgumentException">The state does not own every shard.</exception>
    public StateChunkSource(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _state = state.Placement.IsWhole
            ? state
            : throw new ArgumentException($"The state owns {state.Placement.Shards.Length} of {state.Layout.Shards} shards.", nameof(state));
    }

    public ParameterLayout Layout => _state.Layout;

    /// <inheritdoc/>
    public void ReadParameters(int chunk, Span<float> destination) => _state.Read(0, chunk, destination);
}
