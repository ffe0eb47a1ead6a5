using Olmo.Model.Tensors;

namespace Olmo.Model.State;

/// <summary>
/// What a rank owns of the training state: fp32 parameters and both moments of its shards, in the provider's memory, and the replicated progress of the run.
/// </summary>
public sealed class TrainingState : IDisposable
{
    /// <summary>Parameters, first and second moments.</summary>
    public const int Planes = 3;

    private readonly BufferSet _memory;
    private readonly WorkingParameters? _working;
    private readonly Tensor _parameters;
    private readonly Tensor _m;
    private readonly Tensor _v;
    private readonly Tensor _digests;
    private readonly ChunkRange[] _ranges;
    private readonly long[] _digestOfHeld;
    private bool _digestsAreRead;

    private TrainingState(ITensorProvider provider, ShardPlacement placement, WorkingParameters? working, RunProgress progress, bool isUnfilled = false)
    {
        ArgumentNullException.ThrowIfNull(placement);
        ArgumentNullException.ThrowIfNull(progress);
        Provider = provider;
        Placement = placement;
        Progress = progress;
        _working = working;
        BufferPlan plan = PlanOf(placement, working is not null, isUnfilled, out TensorSlot m, out TensorSlot v, out TensorSlot digests, out TensorSlot? parameters);
        SizeBytes = plan.SizeBytes;
        _memory = provider.Allocate(plan);
        (_m, _v, _digests) = (_memory[m], _memory[v], _memory[digests]);
        _parameters = parameters is { } slot ? _memory[slot] : default;
        _digestOfHeld = new long[placement.Held.Length];
        _ranges = new ChunkRange[placement.Held.Length];
        for (int h = 0; h < _ranges.Length; h++)
        {
            ParameterChunk chunk = Layout.ChunkAt(placement.Held[h]);
            long packed = placement.OffsetOf(chunk.Index);
            _ranges[h] = new ChunkRange(
                chunk.Length, working is null ? packed : chunk.Offset, packed, (ulong)chunk.Index * (ParameterLayout.ChunkElements / 2));
        }
    }

    /// <summary>Bytes on the provider; working parameters that are the master parameters are not among them.</summary>
    public long SizeBytes { get; }

    /// <summary>Bytes that the state of some shards takes.</summary>
    public static long SizeOf(ShardPlacement placement)
    {
        ArgumentNullException.ThrowIfNull(placement);
        return PlanOf(placement, placement.IsWhole, false, out _, out _, out _, out _).SizeBytes;
    }

    /// <summary>Device of the state.</summary>
    public ITensorProvider Provider { get; }

    /// <summary>The shards owned and where their chunks lie.</summary>
    public ShardPlacement Placement { get; }

    /// <summary>The layout.</summary>
    public ParameterLayout Layout => Placement.Layout;

    /// <summary>Steps, updates and the outlier window.</summary>
    public RunProgress Progress { get; }

    /// <summary>A rank that owns every shard: the working parameters are the master parameters. They keep their values; moments are 0.</summary>
    public static TrainingState OverWorkingParameters(WorkingParameters working, RunProgress progress)
    {
        ArgumentNullException.ThrowIfNull(working);
        TrainingState state = new(working.Provider, ShardPlacement.All(working.Layout), working, progress);
        state.RefreshDigests();
        return state;
    }

    /// <summary>A rank that owns some shards, with its own copy of their parameters, taken from the working ones. Moments are 0.</summary>
    public static TrainingState CopyOf(ShardPlacement placement, WorkingParameters working, RunProgress progress)
    {
        ArgumentNullException.ThrowIfNull(placement);
        ArgumentNullException.ThrowIfNull(working);
        TrainingState state = new(working.Provider, placement, null, progress);
        foreach (int c in placement.Held)
        {
            ParameterChunk chunk = placement.Layout.ChunkAt(c);
            state.Provider.Copy(working.Chunk(chunk), state.Plane(0, chunk));
        }

        state.RefreshDigests();
        return state;
    }

    /// <summary>
    /// Memory for shards whose content comes later, chunk by chunk; digests are not computed. With every shard the working parameters are the master parameters, which keep
    /// their values.
    /// </summary>
    public static TrainingState Unfilled(ShardPlacement placement, WorkingParameters working, RunProgress progress)
    {
        ArgumentNullException.ThrowIfNull(placement);
        ArgumentNullException.ThrowIfNull(working);
        return new TrainingState(working.Provider, placement, placement.IsWhole ? working : null, progress, isUnfilled: true);
    }

    /// <summary>Digest of a shard's parameters and moments, for announcements: not a checksum for files.</summary>
    public ulong DigestOf(int shard)
    {
        if (!_digestsAreRead)
        {
            Provider.Read(_digests, _digestOfHeld.AsSpan());
            _digestsAreRead = true;
        }

        ulong digest = 0;
        for (int k = 0; k < Layout.ChunksOfShard(shard); k++)
        {
            digest += (ulong)_digestOfHeld[Placement.IndexOf(Layout.ChunkOfShard(shard, k))];
        }

        return digest;
    }

    /// <summary>Computes the digests anew, after the state was written from outside.</summary>
    public void RefreshDigests()
    {
        for (int t = 0; t < Layout.Tensors.Length; t++)
        {
            (int first, int count) = Placement.HeldOf(t);
            Provider.DigestState(ParametersOf(t), _m, _v, _ranges.AsSpan(first, count), _digests.View(first, new Shape(count)));
        }

        _digestsAreRead = false;
    }

    /// <summary>Computes the digest of one chunk anew; may run beside the device's work for somebody else.</summary>
    /// <returns>The chunk's part of its shard's digest.</returns>
    public ulong RefreshDigest(int chunk)
    {
        int held = Placement.IndexOf(chunk);
        Tensor digest = _digests.View(held, new Shape(1));
        Provider.DigestState(ParametersOf(Layout.ChunkAt(chunk).Tensor), _m, _v, _ranges.AsSpan(held, 1), digest);
        _digestsAreRead = false;
        long value = 0;
        Provider.Read(digest, new Span<long>(ref value));
        return (ulong)value;
    }

    /// <summary>Takes over a chunk of another state of the same layout on the same provider, its digest left out.</summary>
    public void CopyChunk(TrainingState from, int chunk)
    {
        ArgumentNullException.ThrowIfNull(from);
        ParameterChunk at = Layout.ChunkAt(chunk);
        for (int plane = 0; plane < Planes; plane++)
        {
            if (plane != 0 || _working is null || !ReferenceEquals(_working, from._working))
            {
                Provider.Copy(from.Plane(plane, at), Plane(plane, at));
            }
        }
    }

    /// <summary>Copies a plane of a held chunk to a tensor of its length.</summary>
    internal void CopyChunk(int plane, int chunk, in Tensor destination) => Provider.Copy(Plane(plane, Layout.ChunkAt(chunk)), destination);

    /// <summary>Copies the owned parameters into the working parameters; nothing to do where they are the same memory.</summary>
    public void Gather(WorkingParameters working)
    {
        ArgumentNullException.ThrowIfNull(working);
        if (ReferenceEquals(working, _working))
        {
            return;
        }

        foreach (int c in Placement.Held)
        {
            ParameterChunk chunk = Layout.ChunkAt(c);
            Provider.Copy(Plane(0, chunk), working.Chunk(chunk));
        }
    }

    /// <summary>Copies a plane of a held chunk to the host: 0 parameters, 1 and 2 moments. Waits for the device.</summary>
    /// <param name="plane">0, 1 or 2.</param>
    /// <param name="chunk">Number of the chunk.</param>
    /// <param name="values">As many elements as the chunk has.</param>
    public void Read(int plane, int chunk, Span<float> values) => Provider.Read(Plane(plane, Layout.ChunkAt(chunk)), values);

    /// <summary>Overwrites a plane of a held chunk; call <see cref="RefreshDigests"/> when all are written.</summary>
    public void Write(int plane, int chunk, ReadOnlySpan<float> values) => Provider.Write(Plane(plane, Layout.ChunkAt(chunk)), values);

    /// <summary>Frees the memory that this state owns; working parameters that it only uses stay.</summary>
    public void Dispose() => _memory.Dispose();

    /// <summary>Updates the owned ranges of a tensor.</summary>
    /// <param name="tensor">Index in the layout.</param>
    /// <param name="step">Scalars.</param>
    /// <param name="sums">Sums in this placement, or the gradient as it was measured.</param>
    /// <param name="other">More of them; none: there is one part.</param>
    internal void Update(int tensor, in AdamWStep step, in Tensor sums, in Tensor other)
    {
        (int first, int count) = Placement.HeldOf(tensor);
        _digestsAreRead = false;
        Provider.AdamW(step, sums, other, ParametersOf(tensor), _m, _v, _ranges.AsSpan(first, count), _digests.View(first, new Shape(count)));
    }

    /// <summary>Copies a whole plane to a tensor in the order of the placement.</summary>
    internal void CopyPlane(int plane, in Tensor destination)
    {
        if (plane != 0 || _working is null)
        {
            Provider.Copy(plane == 0 ? _parameters : plane == 1 ? _m : _v, destination);
            return;
        }

        foreach (ParameterSlot slot in Layout.Tensors)
        {
            Provider.Copy(_working.Tensor(slot.Index), destination.View(slot.FirstElement, new Shape(slot.Elements)));
        }
    }

    private static BufferPlan PlanOf(
        ShardPlacement placement, bool overWorking, bool isUnfilled, out TensorSlot m, out TensorSlot v, out TensorSlot digests, out TensorSlot? parameters)
    {
        Shape owned = new(placement.Elements);
        BufferPlan plan = new() { MayBeginWithAnything = isUnfilled };
        m = plan.Add("first moments", DType.F32, owned);
        v = plan.Add("second moments", DType.F32, owned);
        digests = plan.Add("digests of the state", DType.I64, new Shape(placement.Held.Length));
        parameters = overWorking ? null : plan.Add("owned parameters", DType.F32, owned);
        return plan;
    }

    private Tensor ParametersOf(int tensor) => _working is null ? _parameters : _working.Tensor(tensor);

    private Tensor Plane(int plane, in ParameterChunk chunk)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(plane);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(plane, Planes);
        if (plane == 0 && _working is not null)
        {
            return _working.Chunk(chunk);
        }

        return (plane == 0 ? _parameters : plane == 1 ? _m : _v).View(Placement.OffsetOf(chunk.Index), new Shape(chunk.Length));
    }
}
