using System.Security.Cryptography;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Model.State;

namespace Olmo.Actors.Ranks;

/// <summary>A staged copy as the checkpoint's writer sees it: named by content, verified where the name exists.</summary>
internal sealed class StagedShards(ShardStage stage, CheckpointFacts facts) : IStagedState
{
    public long Step { get; } = stage.Step;

    public CheckpointFacts Facts { get; } = facts;

    public IReadOnlyList<int> Shards => stage.Placement.Shards;

    public ShardEntry Write(int shard, IObjectStore store, CancellationToken cancellationToken)
    {
        ShardFileInfo info = stage.Describe(shard, cancellationToken); // its name comes first
        string name = $"shards/{shard}-{info.Sha256}.safetensors";
        PutOutcome outcome = store.PutIfAbsent(name, s => stage.WriteDescribed(shard, s, cancellationToken), cancellationToken);
        if (outcome is PutOutcome.AlreadyThere && !IsIntact(store, name, info))
        {
            store.SetAside(name);
            store.PutIfAbsent(name, s => stage.WriteDescribed(shard, s, cancellationToken), cancellationToken);
        }

        return new ShardEntry(shard, name, info.Sha256, info.LengthBytes);
    }

    public void Dispose()
    {
        // The copy's memory belongs to the engine and is used again for the next checkpoint.
    }

    private static bool IsIntact(IObjectStore store, string name, ShardFileInfo info)
    {
        if (store.LengthOf(name) != info.LengthBytes)
        {
            return false;
        }

        using Stream stream = store.OpenRead(name);
        return Convert.ToHexStringLower(SHA256.HashData(stream)) == info.Sha256;
    }
}
