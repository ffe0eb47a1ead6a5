using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.Optimization;
using Olmo.Model.State;

namespace Olmo.Model.Steps;

/// <summary>
/// A rank as the owner of shards: announces their sums when every range holds all groups, and applies the update in place. Nothing here allocates in a step.
/// </summary>
public sealed unsafe class ShardOwner : IDisposable
{
    private readonly GradientAccumulator _own;
    private readonly GradientAccumulator? _foreign;
    private readonly ComputePool _pool;
    private readonly ParameterGroups _groups;
    private readonly AdamWStep[] _scalars;
    private readonly double[] _chunkSquares;
    private readonly ulong[] _chunkDigests;
    private readonly ulong[] _union;
    private readonly AlignedBuffer _sums;
    private readonly AlignedBuffer _gradients;
    private readonly SimdWidth _width;

    /// <summary>Binds state and sums.</summary>
    /// <param name="state">Parameters and moments of the owned shards.</param>
    /// <param name="own">
    /// Sums of this rank's own replica. With one rank in the replica it is the accumulator that the rank's groups are added to; it may hold more shards than
    /// are owned.
    /// </param>
    /// <param name="foreign">Sums of the other replicas, kept apart so that only the own part is ever sent (rule 2); null with one replica.</param>
    /// <param name="groups">Optimizer settings of each tensor, by layout index.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="width">Instruction set; changes speed only.</param>
    /// <exception cref="ArgumentException">The accumulators have another layout or number of groups, or lack an owned shard.</exception>
    public ShardOwner(
        TrainingState state, GradientAccumulator own, GradientAccumulator? foreign, ParameterGroups groups, ComputePool pool, SimdWidth width)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(pool);
        ThrowIfUnfit(state, own, own.Groups);
        ThrowIfUnfit(state, foreign ?? own, own.Groups);
        State = state;
        _own = own;
        _foreign = foreign;
        _groups = groups;
        _pool = pool;
        _width = width;
        _scalars = new AdamWStep[groups.Groups.Length];
        _chunkSquares = new double[state.Layout.Chunks];
        _chunkDigests = new ulong[state.Layout.Chunks];
        _union = new ulong[GroupSet.WordsFor(own.Groups)];
        _sums = AlignedBuffer.Of<long>((long)pool.Threads * ParameterLayout.ChunkElements);
        _gradients = AlignedBuffer.Of<float>((long)pool.Threads * ParameterLayout.ChunkElements);
    }

    /// <summary>The state that it updates.</summary>
    public TrainingState State { get; }

    /// <summary>Announcements that <see cref="Announce"/> writes: shards owned.</summary>
    public int Count => State.Placement.Shards.Length;

    /// <summary>True if every range of every owned shard, the scalars too, holds all groups.</summary>
    public bool IsComplete
    {
        get
        {
            foreach (int shard in State.Placement.Shards)
            {
                for (int layer = 0; layer <= State.Layout.Layers; layer++)
                {
                    if (!Covers(layer, shard))
                    {
                        return false;
                    }
                }
            }

            return true;
        }
    }

    /// <summary>Writes one announcement per owned shard, in shard order.</summary>
    /// <exception cref="InvalidOperationException">A range does not hold all groups.</exception>
    /// <exception cref="OverlappingGroupsException">Own and foreign sums of a range share a group.</exception>
    /// <exception cref="SumDigestMismatchException">A sum differs from what its contributions announced: memory or addition is at fault.</exception>
    public void Announce(in StepIdentity id, int replica, Span<Announcement> destination)
    {
        if (!IsComplete)
        {
            throw new InvalidOperationException($"The sums of {id} do not hold all groups yet.");
        }

        MeasureJob job = new() { Owner = this, Sums = _sums.Pointer<long>(), Gradients = _gradients.Pointer<float>() };
        _pool.Run(ref job, State.Placement.Held.Length);
        int at = 0;
        foreach (int shard in State.Placement.Shards)
        {
            destination[at++] = OfShard(id, replica, shard);
        }
    }

    /// <summary>Forms the scalars of a parameter group's update; called for each group before <see cref="Apply"/>.</summary>
    internal void Prepare(int group, double learningRate, double clip) =>
        _scalars[group] = AdamWScalars.Of(_groups.Groups[group].Settings, learningRate, clip, State.Progress.Updates + 1);

    /// <summary>
    /// Applies AdamW to every owned chunk with the scalars prepared. It is never interrupted: whoever fails inside it must give up the whole state.
    /// </summary>
    internal void Apply()
    {
        ApplyJob job = new() { Owner = this, Sums = _sums.Pointer<long>(), Gradients = _gradients.Pointer<float>() };
        _pool.Run(ref job, State.Placement.Held.Length);
    }

    /// <summary>Frees the scratch memory; state and accumulators stay.</summary>
    public void Dispose()
    {
        _sums.Dispose();
        _gradients.Dispose();
    }

    private static void ThrowIfUnfit(TrainingState state, GradientAccumulator sums, int groups)
    {
        if (!string.Equals(sums.Layout.Hash, state.Layout.Hash, StringComparison.Ordinal) || sums.Groups != groups)
        {
            throw new ArgumentException($"The accumulator has layout {sums.Layout.Hash} and {sums.Groups} groups; needed are {state.Layout.Hash} and {groups}.");
        }

        foreach (int shard in state.Placement.Shards)
        {
            if (!sums.Placement.Holds(shard))
            {
                throw new ArgumentException($"The accumulator does not sum the owned shard {shard}.");
            }
        }
    }

    private bool Covers(int layer, int shard)
    {
        GroupSet own = _own.GroupsOf(layer, shard);
        if (_foreign is null)
        {
            return own.IsFull;
        }

        GroupSet foreign = _foreign.GroupsOf(layer, shard);
        if (own.Overlaps(foreign))
        {
            throw new OverlappingGroupsException(layer, shard, own.ToString(), foreign.ToString());
        }

        Array.Clear(_union);
        GroupSet all = new(_union, own.Groups);
        all.UnionWith(own);
        all.UnionWith(foreign);
        return all.IsFull;
    }

    private Announcement OfShard(in StepIdentity id, int replica, int shard)
    {
        double squares = 0.0;
        ulong digest = 0;
        for (int k = 0; k < State.Layout.ChunksOfShard(shard); k++)
        {
            int chunk = State.Layout.ChunkOfShard(shard, k);
            squares += _chunkSquares[chunk];
            digest += _chunkDigests[chunk];
        }

        ulong foreign = 0;
        bool known = _own.TryGetContributedDigest(shard, out ulong expected) && (_foreign is null || _foreign.TryGetContributedDigest(shard, out foreign));
        if (known && expected + foreign != digest)
        {
            throw new SumDigestMismatchException($"Shard {shard} of {id}", expected + foreign, digest);
        }

        LossParts loss = _own.LossOf(shard) + (_foreign?.LossOf(shard) ?? default);
        bool finite = _own.IsShardValid(shard) && (_foreign?.IsShardValid(shard) ?? true);
        return new Announcement(id, shard, replica, squares, digest, State.DigestOf(shard), loss, finite);
    }

    // The whole sum of a chunk; in the scratch only where two parts must be added.
    private long* Total(in ParameterChunk chunk, long* scratch)
    {
        long* own = _own.SumOf(chunk.Index);
        if (_foreign is null)
        {
            return own;
        }

        new ReadOnlySpan<long>(own, chunk.Length).CopyTo(new Span<long>(scratch, chunk.Length));
        FixedPoint.Add(_width, _foreign.SumOf(chunk.Index), scratch, 0, chunk.Length);
        return scratch;
    }

    private struct MeasureJob : IRangeJob
    {
        public ShardOwner Owner;
        public long* Sums;
        public float* Gradients;

        public readonly void Execute(nint from, nint to, int worker)
        {
            long* scratch = Sums + ((nint)worker * ParameterLayout.ChunkElements);
            float* gradient = Gradients + ((nint)worker * ParameterLayout.ChunkElements);
            for (nint i = from; i < to; i++)
            {
                ParameterChunk chunk = Owner.State.Layout.ChunkAt(Owner.State.Placement.Held[(int)i]);
                long* sum = Owner.Total(chunk, scratch);
                Owner._chunkDigests[chunk.Index] = SumDigest.Of(Owner._width, sum, (ulong)chunk.FirstElement, chunk.Length);
                FixedPoint.ToFloat(Owner._width, sum, gradient, 0, chunk.Length);
                Owner._chunkSquares[chunk.Index] = SquareSum.Of(Owner._width, gradient, chunk.Length);
            }
        }
    }

    private struct ApplyJob : IRangeJob
    {
        public ShardOwner Owner;
        public long* Sums;
        public float* Gradients;

        public readonly void Execute(nint from, nint to, int worker)
        {
            long* scratch = Sums + ((nint)worker * ParameterLayout.ChunkElements);
            float* gradient = Gradients + ((nint)worker * ParameterLayout.ChunkElements);
            TrainingState state = Owner.State;
            for (nint i = from; i < to; i++)
            {
                ParameterChunk chunk = state.Layout.ChunkAt(state.Placement.Held[(int)i]);
                FixedPoint.ToFloat(Owner._width, Owner.Total(chunk, scratch), gradient, 0, chunk.Length);
                AdamW.Update(
                    Owner._width, Owner._scalars[Owner._groups.GroupOf(chunk.Tensor)], gradient, state.P(chunk), state.M(chunk), state.V(chunk), 0, chunk.Length);
                state.RefreshDigest(chunk);
            }
        }
    }
}
