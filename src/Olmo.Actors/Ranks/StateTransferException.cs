namespace Olmo.Actors.Ranks;

/// <summary>No donor gave a shard's state whole.</summary>
public sealed class StateTransferException(int shard, long step, int donors)
    : Exception($"none of {donors} donors gave the state of shard {shard} after step {step} with the right digests")
{
    /// <summary>The shard.</summary>
    public int Shard { get; } = shard;
}
