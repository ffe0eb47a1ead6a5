namespace Olmo.Model.State;

/// <summary>The parameters that passes read. Read it only while no step is applied and none is gathered.</summary>
public sealed class WorkingChunkSource(WorkingParameters parameters) : IChunkSource
{
    public ParameterLayout Layout => parameters.Layout;

    /// <inheritdoc/>
    public void ReadParameters(int chunk, Span<float> destination)
    {
        ParameterChunk at = Layout.ChunkAt(chunk);
        parameters.Read(at.Tensor, at.Offset, destination[..at.Length]);
    }
}
