namespace Olmo.Model.State;

/// <summary>The shard files that were read do not hold everything that the state owns.</summary>
public sealed class MissingShardDataException(string tensor, int shard, long chunks)
    : Exception($"{chunks} chunks are in none of the shard files read; the first belongs to '{tensor}', shard {shard}.")
{
    public string Tensor { get; } = tensor;

    public int Shard { get; } = shard;
}
