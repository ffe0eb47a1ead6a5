using Olmo.Model.State;

namespace Olmo.Actors.Ranks;

/// <summary>
/// State of some shards on this rank, as far as it is there: a shard counts only when all its chunks came and its digest was found right (rules 14 and 16). Flags are
/// changed under the engine's gate.
/// </summary>
internal sealed class Holding : IDisposable
{
    private readonly bool[] _isVerified;
    private readonly bool[] _chunkIsThere;
    private readonly int[] _chunksLeft;
    private int _verified;

    public Holding(TrainingState state, long step)
    {
        State = state;
        Step = step;
        _isVerified = new bool[state.Layout.Shards];
        _chunkIsThere = new bool[state.Placement.Held.Length];
        _chunksLeft = new int[state.Layout.Shards];
        foreach (int shard in state.Placement.Shards)
        {
            _chunksLeft[shard] = state.Layout.ChunksOfShard(shard);
        }
    }

    public TrainingState State { get; }

    public ShardPlacement Placement => State.Placement;

    /// <summary>Steps that the content has seen.</summary>
    public long Step { get; set; }

    public bool IsWholeVerified => _verified == Placement.Shards.Length;

    public bool IsVerified(int shard) => _isVerified[shard];

    /// <summary>True if the chunk's content at <see cref="Step"/> is there.</summary>
    public bool Has(int chunk) => Placement.IndexOf(chunk) is >= 0 and int held && _chunkIsThere[held];

    /// <summary>True if all chunks of a shard are there; its digest may not be verified yet.</summary>
    public bool HasAll(int shard) => _chunksLeft[shard] == 0;

    /// <summary>A chunk's content was written.</summary>
    public void Took(int chunk)
    {
        int held = Placement.IndexOf(chunk);
        if (!_chunkIsThere[held])
        {
            _chunkIsThere[held] = true;
            _chunksLeft[Placement.Layout.ShardOf(chunk)]--;
        }
    }

    public void Verify(int shard)
    {
        if (!_isVerified[shard])
        {
            _isVerified[shard] = true;
            _verified++;
        }
    }

    public void VerifyAll()
    {
        foreach (int shard in Placement.Shards)
        {
            for (int k = 0; k < Placement.Layout.ChunksOfShard(shard); k++)
            {
                Took(Placement.Layout.ChunkOfShard(shard, k));
            }

            Verify(shard);
        }
    }

    /// <summary>The content of a shard is not to be used: it comes again.</summary>
    public void Forget(int shard)
    {
        for (int k = 0; k < Placement.Layout.ChunksOfShard(shard); k++)
        {
            _chunkIsThere[Placement.IndexOf(Placement.Layout.ChunkOfShard(shard, k))] = false;
        }

        _chunksLeft[shard] = Placement.Layout.ChunksOfShard(shard);
        if (_isVerified[shard])
        {
            _isVerified[shard] = false;
            _verified--;
        }
    }

    public void Dispose() => State.Dispose();
}
