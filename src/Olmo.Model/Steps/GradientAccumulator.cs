using Olmo.Model.Numerics;
using Olmo.Model.State;
using Olmo.Model.Tensors;

namespace Olmo.Model.Steps;

/// <summary>
/// Sums of group gradients as 64-bit fixed-point integers, with the set of groups that each range holds. Integers can be added in any order, so the sum is
/// the same for every world and every route; only disjoint sums are ever added.
/// </summary>
/// <remarks>
/// A range (one layer's part of one shard) is numbered layer * S + shard; layer number <see cref="ParameterLayout.Layers"/> is that of the scalars. Memory:
/// 8 bytes per element held, on the provider. Not for use by two threads at once. Frames may come and go on a second thread while the provider works for the first:
/// <see cref="Add(in SumFrame)"/> and <see cref="WriteFrame"/> keep to what <see cref="ITensorProvider"/> allows one.
/// </remarks>
public sealed partial class GradientAccumulator : IDisposable
{
    private const int None = -1;
    private readonly ITensorProvider _provider;
    private readonly float _limit;
    private readonly BufferSet _memory;
    private readonly Tensor _sums;
    private readonly Tensor _flags;
    private readonly ChunkRange[] _ranges;
    private readonly bool[] _written;
    private readonly int[] _flagOfHeld;
    private readonly ulong[] _sets;
    private readonly bool[] _rangeIsInvalid;
    private readonly ulong[] _digests;
    private readonly bool[] _digestIsKnown;
    private readonly LossParts[] _losses;
    private readonly ulong[] _one;
    private BufferSet? _measures;
    private long _flagsVersion;
    private long _flagsRead;
    private long _version;
    private int _openGroup = None;
    private bool _openGroupHasGradients;

    /// <summary>An empty accumulator.</summary>
    /// <param name="provider">Device of the gradients and of the sums.</param>
    /// <param name="placement">The shards that it sums.</param>
    /// <param name="groups">G</param>
    /// <param name="isTouched">True: the memory is touched now, not by the first contributions: for sums that live long.</param>
    public GradientAccumulator(ITensorProvider provider, ShardPlacement placement, int groups, bool isTouched = false)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(placement);
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(groups, SumFrame.MaxGroups);
        _provider = provider;
        Placement = placement;
        Groups = groups;
        _limit = FixedPointFormat.Limit(groups);
        int held = placement.Held.Length;
        _ranges = new ChunkRange[held];
        for (int h = 0; h < held; h++)
        {
            ParameterChunk chunk = Layout.ChunkAt(placement.Held[h]);
            _ranges[h] = new ChunkRange(chunk.Length, chunk.Offset, placement.OffsetOf(chunk.Index), (ulong)chunk.FirstElement);
        }

        (BufferPlan plan, TensorSlot sums, TensorSlot flags, FrameSlots frames) = PlanOf(placement, isTouched);
        SizeBytes = plan.SizeBytes;
        _memory = provider.Allocate(plan);
        _sums = _memory[sums];
        _flags = _memory[flags];
        _frames = frames.Of(_memory);
        _frameDigests = new long[_frames.Digests.Count];
        _written = new bool[held];
        _flagOfHeld = new int[held];
        int ranges = (Layout.Layers + 1) * Layout.Shards;
        _sets = new ulong[ranges * GroupSet.WordsFor(groups)];
        _rangeIsInvalid = new bool[ranges];
        _digests = new ulong[ranges];
        _digestIsKnown = new bool[ranges];
        _losses = new LossParts[Layout.Shards];
        _one = new ulong[GroupSet.WordsFor(groups)];
        Array.Fill(_digestIsKnown, true);
        provider.Zero(_flags);
    }

    /// <summary>Bytes on the provider.</summary>
    public long SizeBytes { get; }

    /// <summary>Bytes that sums of some shards take.</summary>
    public static long SizeOf(ShardPlacement placement)
    {
        ArgumentNullException.ThrowIfNull(placement);
        return PlanOf(placement, false).Plan.SizeBytes;
    }

    /// <summary>The shards that it sums.</summary>
    public ShardPlacement Placement { get; }

    /// <summary>Its layout.</summary>
    public ParameterLayout Layout => Placement.Layout;

    /// <summary>G</summary>
    public int Groups { get; }

    /// <summary>Called on the thread that adds gradients when a layer of the open group is whole. Null: nobody is told.</summary>
    public Action<int>? LayerCompleted { get; set; }

    /// <summary>Empties all sums and sets.</summary>
    public void Reset()
    {
        Interlocked.Increment(ref _version);
        // The first contribution to a chunk overwrites it: the sums need not be cleared.
        Array.Clear(_written);
        _provider.Zero(_flags);
        Array.Clear(_flagOfHeld);
        Volatile.Write(ref _flagsRead, Volatile.Read(ref _flagsVersion));
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
    public bool IsValid(int layer, int shard)
    {
        if (_rangeIsInvalid[RangeOf(layer, shard)])
        {
            return false;
        }

        if (layer == Layout.Layers)
        {
            return true;
        }

        // A frame may be written on another thread while a later layer is added: what is added meanwhile is read the next time.
        long version = Volatile.Read(ref _flagsVersion);
        if (Volatile.Read(ref _flagsRead) != version)
        {
            _provider.Read(_flags, _flagOfHeld.AsSpan());
            Volatile.Write(ref _flagsRead, version);
        }

        for (int c = Layout.FirstChunkOfRange(layer, shard); c < Layout.FirstChunkOfLayer(layer + 1); c += Layout.Shards)
        {
            if (_flagOfHeld[Placement.IndexOf(c)] != 0)
            {
                return false;
            }
        }

        return true;
    }

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
    /// <param name="gradient">F32, the whole tensor; its memory may be used again by operations that follow.</param>
    /// <exception cref="InvalidOperationException">No group is open.</exception>
    /// <exception cref="ArgumentException">The gradient has another size.</exception>
    public void AddGradient(int tensor, in Tensor gradient)
    {
        ParameterSlot slot = Layout.Tensors[tensor];
        if (_openGroup == None)
        {
            throw new InvalidOperationException($"A gradient of '{slot.Name}' was offered while no group is open.");
        }

        if (gradient.Count != slot.Elements)
        {
            throw new ArgumentException($"A gradient of shape {gradient.Shape} was offered for the {slot.Elements} elements of '{slot.Name}'.", nameof(gradient));
        }

        Interlocked.Increment(ref _version);
        _openGroupHasGradients = true;
        (int first, int count) = Placement.HeldOf(tensor);
        bool accumulate = _written.AsSpan(first, count).Contains(true);
        if (accumulate)
        {
            ZeroUnwritten(first, count);
        }

        _provider.AddRounded(gradient, _sums, _ranges.AsSpan(first, count), _limit, accumulate, _flags.View(first, new Shape(count)));
        _written.AsSpan(first, count).Fill(true);
        Interlocked.Increment(ref _flagsVersion);
    }

    /// <summary>Marks the open group's gradient of a layer as whole: every use of every tensor of the layer was added.</summary>
    public void CompleteLayer(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, Layout.Layers);
        foreach (int shard in Placement.Shards)
        {
            Mark(layer, shard);
        }

        LayerCompleted?.Invoke(layer);
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

    /// <summary>
    /// Linear digest of all sums held and of the scalars: what it gains by a group is the digest of that group's contribution, whatever else is summed. Only reads, so that
    /// frames may be written meanwhile; no group may be open.
    /// </summary>
    public ulong Digest()
    {
        BufferPlan plan = new();
        TensorSlot slot = plan.Add("digests of held chunks", DType.I64, new Shape(_ranges.Length));
        _measures ??= _provider.Allocate(plan);
        Tensor digests = _measures[slot];
        _provider.Measure(Sums, default, _ranges, digests, default, default);
        long[] values = new long[_ranges.Length];
        _provider.Read(digests, values.AsSpan());
        ulong sum = DigestOfLoss(_losses[Placement.Shards[0]]);
        foreach (long value in values)
        {
            sum += (ulong)value;
        }

        return sum;
    }

    /// <summary>Frees the sums.</summary>
    public void Dispose()
    {
        _measures?.Dispose();
        _memory.Dispose();
    }

    /// <summary>Grows with whatever changes the sums.</summary>
    internal long Version => Interlocked.Read(ref _version);

    /// <summary>The sums, packed as the placement says; zeros where nothing was added.</summary>
    internal Tensor Sums
    {
        get
        {
            ZeroUnwritten(0, _written.Length);
            return _sums;
        }
    }

    /// <summary>The chunks held, as ranges of <see cref="Sums"/>; their numbers in digests are those of elements over all tensors.</summary>
    internal ReadOnlySpan<ChunkRange> Ranges => _ranges;

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

    private static (BufferPlan Plan, TensorSlot Sums, TensorSlot Flags, FrameSlots Frames) PlanOf(ShardPlacement placement, bool isTouched)
    {
        BufferPlan plan = new() { MayBeginWithAnything = !isTouched };
        TensorSlot sums = plan.Add("sums of gradients", DType.I64, new Shape(placement.Elements));
        TensorSlot flags = plan.Add("flags of chunks", DType.I32, new Shape(placement.Held.Length));
        return (plan, sums, flags, new FrameSlots(plan, placement.Layout));
    }

    // The first contribution to a chunk overwrites it; where there was none, what is read must be 0.
    private void ZeroUnwritten(int first, int count)
    {
        for (int h = first; h < first + count; h++)
        {
            if (!_written[h])
            {
                _provider.Zero(SumsOf(h));
                _written[h] = true;
            }
        }
    }

    private Tensor SumsOf(int held) => _sums.View(_ranges[held].Packed, new Shape(_ranges[held].Length));

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
}
