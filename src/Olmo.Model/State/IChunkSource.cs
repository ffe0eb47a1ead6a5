namespace Olmo.Model.State;

/// <summary>Where the parameters of every chunk can be read: a living state that owns all shards, or the shard files of a checkpoint.</summary>
public interface IChunkSource
{
    ParameterLayout Layout { get; }

    /// <summary>Reads the fp32 parameters of a chunk.</summary>
    /// <param name="chunk">Its number.</param>
    /// <param name="destination">As many elements as the chunk has.</param>
    void ReadParameters(int chunk, Span<float> destination);
}
