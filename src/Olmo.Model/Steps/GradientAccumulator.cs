using Olmo.Model.Compute;
using Olmo.Model.Kernels;
using Olmo.Model.State;

namespace Olmo.Model.Steps;

/// <summary>
/// Sums of group gradients as 64-bit fixed-point integers, with the set of groups that each range holds. Integers can be added in any order, so the sum is
/// the same for every world and every route; only disjoint sums are ever added.
/// </summary>
/// <remarks>
/// A range (one layer's part of one shard) is numbered layer * S + shard; layer number <see cref="ParameterLayout.Layers"/> is that of the scalars. Memory:
/// 8 bytes per element held. Not for use by two threads at once; its jobs run on the pool.
/// </remarks>
public sealed unsafe partial class GradientAccumulator : IDisposable
{
    private const int None = -1;
    private readonly ComputePool _pool;
    private readonly SimdWidth _width;
    private readonly AlignedBuffer _sums;
    private readonly byte[] _written;
    private readonly byte[] _chunkIsInvalid;
    private readonly ulong[] _sets;
    private readonly bool[] _rangeIsInvalid;
    private readonly ulong[] _digests;
    private readonly bool[] _digestIsKnown;
    private readonly LossParts[] _losses;
    private readonly AlignedBuffer _scratch;
    private readonly ulong[] _one;
    private int _openGroup = None;
    private bool _openGroupHasGradients;

    /// <summary>An empty accumulator.</summary>
    /// <param name="placement">The shards that it sums.</param>
    /// <param name="groups">G</param>
    /// <param name="pool">Threads that add.</param>
    /// <param name="width">Instruction set; changes speed only.</param>
    public GradientAccumulator(ShardPlacement placement, int groups, ComputePool pool, SimdWidth width)
    {
        ArgumentNullException.ThrowIfNull(placement);
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(groups, SumFrame.MaxGroups);
        SimdWidths.ThrowIfUnsupported(width);
        Placement = placement;
        Groups = groups;
        _pool = pool;
        _width = width;
        int ranges = (Layout.Layers + 1) * Layout.Shards;
        _sums = AlignedBuffer.Of<long>(placement.Elements);
        _scratch = AlignedBuffer.Of<long>(ParameterLayout.ChunkElements);
        _written = new byte[Layout.Chunks];
        _chunkIsInvalid = new byte[Layout.Chunks];
        _sets = new ulong[ranges * GroupSet.WordsFor(groups)];
        _rangeIsInvalid = new bool[ranges];
        _digests = new ulong[ranges];
        _digestIsKnown = new bool[ranges];
        _losses = new LossParts[Layout.Shards];
        _one = new ulong[GroupSet.WordsFor(groups)];
        Array.Fill(_digestIsKnown, true);
    }

    /// <summary>The shards that it sums.</summary>
    public ShardPlacement Placement { get; }

    /// <summary>Its layout.</summary>
    public ParameterLayout Layout => Placement.Layout;

    /// <summary>G</summary>
    public int Groups { get; }

    /// <summary>Empties all sums and sets.</summary>
    public void Reset()
    {
        // The first contribution to a chunk overwrites it: the sums need not be cleared.
        Array.Clear(_written);
        Array.Clear(_chunkIsInvalid);
        Array.Clear(_sets);
        Array.Clear(_rangeIsInvalid);
        Array.Clear(_digests);
        Array.Fill(_digestIsKnown, true);
        Array.Clear(_losses);
        _openGroup = None;
    }

    /// <summary>Groups that a range holds.</summary>
    public GroupSet GroupsOf(int layer, int shard)
    {
        int words = GroupSet.WordsFor(Groups);
        return new GroupSet(_sets.AsSpan(RangeOf(layer, shard) * words, words), Groups);
    }

    /// <summary>True if no value of the range was invalid.</summary>
    public bool IsValid(int layer, int shard) => !_rangeIsInvalid[RangeOf(layer, shard)];

    /// <summary>Scalars of the groups in the shard's scalar range.</summary>
    public LossParts LossOf(int shard) => _losses[shard];

    /// <summary>True if every range of the shard, the scalars too, holds all groups.</summary>
    public bool IsComplete(int shard)
    {
        for (int layer = 0; layer <= Layout.Layers; layer++)
        {
            if (!GroupsOf(layer, shard).IsFull)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Starts adding the gradient of one group that this rank computed.</summary>
    /// <exception cref="OverlappingGroupsException">A range of a held shard holds the group already.</exception>
    /// <exception cref="InvalidOperationException">Another group is open.</exception>
    public void BeginGroup(int group)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(group);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(group, Groups);
        if (_openGroup != None)
        {
            throw new InvalidOperationException($"Group {group} cannot be added while group {_openGroup} is not complete.");
        }

        Array.Clear(_one);
        new GroupSet(_one, Groups).Add(group);
        for (int layer = 0; layer <= Layout.Layers; layer++)
        {
            foreach (int shard in Placement.Shards)
            {
                ThrowIfOverlapping(layer, shard, new GroupSet(_one, Groups));
            }
        }

        _openGroup = group;
        _openGroupHasGradients = false;
    }

    /// <summary>
    /// Adds the open group's gradient of one tensor, each element rounded once. A tensor that is used twice is added twice, each use rounded by itself.
    /// </summary>
    /// <param name="tensor">Index in the layout.</param>
    /// <param name="gradient">The whole tensor, contiguous; read before this returns.</param>
    /// <exception cref="InvalidOperationException">No group is open.</exception>
    internal void AddGradient(int tensor, float* gradient)
    {
        if (_openGroup == None)
        {
            throw new InvalidOperationException($"A gradient of '{Layout.Tensors[tensor].Name}' was offered while no group is open.");
        }

        _openGroupHasGradients = true;
        AddTensorJob job = new()
        {
            Owner = this,
            Gradient = gradient,
            Sums = _sums.Pointer<long>(),
            FirstChunk = Layout.Tensors[tensor].FirstChunk,
            Limit = FixedPoint.Limit(Groups),
        };
        _pool.Run(ref job, Layout.Tensors[tensor].Chunks);
    }

    /// <summary>Marks the open group's gradient of a layer as whole: every use of every tensor of the layer was added.</summary>
    public void CompleteLayer(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, Layout.Layers);
        foreach (int shard in Placement.Shards)
        {
            Mark(layer, shard);
            int range = RangeOf(layer, shard);
            for (int c = Layout.FirstChunkOfRange(layer, shard); c < Layout.FirstChunkOfLayer(layer + 1); c += Layout.Shards)
            {
                _rangeIsInvalid[range] |= _chunkIsInvalid[c] != 0;
            }
        }
    }

    /// <summary>Adds the open group's scalars and closes it.</summary>
    /// <exception cref="InvalidOperationException">A layer of the group is not whole: its sums are void, and only <see cref="Reset"/> helps.</exception>
    public void EndGroup(LossParts loss, bool isValid)
    {
        foreach (int shard in Placement.Shards)
        {
            for (int layer = 0; layer < Layout.Layers; layer++)
            {
                if (!GroupsOf(layer, shard).Contains(_openGroup))
                {
                    throw new InvalidOperationException($"Group {_openGroup} ended while layer {layer} had no gradient of it.");
                }
            }

            Mark(Layout.Layers, shard);
            _losses[shard] += loss;
            _rangeIsInvalid[RangeOf(Layout.Layers, shard)] |= !isValid;
        }

        _openGroup = None;
    }

    /// <summary>Closes the open group to which nothing was added yet.</summary>
    /// <exception cref="InvalidOperationException">Gradients of it were added already: only <see cref="Reset"/> helps.</exception>
    public void AbandonGroup()
    {
        if (_openGroupHasGradients)
        {
            throw new InvalidOperationException($"Group {_openGroup} cannot be abandoned: some of its gradients were added.");
        }

        _openGroup = None;
    }

    /// <summary>Frees the sums.</summary>
    public void Dispose()
    {
        _sums.Dispose();
        _scratch.Dispose();
    }

    /// <summary>Sum of a held chunk; zeros where nothing was added.</summary>
    internal long* SumOf(int chunk)
    {
        long* sum = _sums.Pointer<long>(Placement.OffsetOf(chunk));
        if (_written[chunk] == 0)
        {
            new Span<long>(sum, Layout.ChunkAt(chunk).Length).Clear();
            _written[chunk] = 1;
        }

        return sum;
    }

    /// <summary>Digest that all contributions to a shard announced, the scalars left out; false if a part was added by this rank itself.</summary>
    internal bool TryGetContributedDigest(int shard, out ulong digest)
    {
        digest = 0;
        for (int layer = 0; layer < Layout.Layers; layer++)
        {
            int range = RangeOf(layer, shard);
            digest += _digests[range];
            if (!_digestIsKnown[range])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>True if no value of any range of the shard was invalid.</summary>
    internal bool IsShardValid(int shard)
    {
        for (int layer = 0; layer <= Layout.Layers; layer++)
        {
            if (!IsValid(layer, shard))
            {
                return false;
            }
        }

        return true;
    }

    private int RangeOf(int layer, int shard) => (layer * Layout.Shards) + shard;

    private void Mark(int layer, int shard)
    {
        GroupsOf(layer, shard).Add(_openGroup);
        _digestIsKnown[RangeOf(layer, shard)] = false;
    }

    private void ThrowIfOverlapping(int layer, int shard, GroupSet offered)
    {
        GroupSet held = GroupsOf(layer, shard);
        if (held.Overlaps(offered))
        {
            throw new OverlappingGroupsException(layer, shard, held.ToString(), offered.ToString());
        }
    }

    private struct AddTensorJob : IRangeJob
    {
        public GradientAccumulator Owner;
        public float* Gradient;
        public long* Sums;
        public int FirstChunk;
        public float Limit;

        public readonly void Execute(nint from, nint to, int worker)
        {
            for (nint i = from; i < to; i++)
            {
                ParameterChunk chunk = Owner.Layout.ChunkAt(FirstChunk + (int)i);
                long offset = Owner.Placement.OffsetOf(chunk.Index);
                if (offset < 0)
                {
                    continue;
                }

                float* gradient = Gradient + chunk.Offset;
                bool first = Owner._written[chunk.Index] == 0;
                bool valid = first
                    ? FixedPoint.Round(Owner._width, gradient, Sums + offset, Limit, 0, chunk.Length)
                    : FixedPoint.Accumulate(Owner._width, gradient, Sums + offset, Limit, 0, chunk.Length);
                Owner._written[chunk.Index] = 1;
                if (!valid)
                {
                    Owner._chunkIsInvalid[chunk.Index] = 1;
                }
            }
        }
    }
}
