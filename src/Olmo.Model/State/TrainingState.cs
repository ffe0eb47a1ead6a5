using System.Runtime.CompilerServices;
using Olmo.Model.Compute;
using Olmo.Model.Kernels;

namespace Olmo.Model.State;

/// <summary>
/// What a rank owns of the training state: fp32 parameters and both moments of its shards, outside the garbage-collected heap, and the replicated progress
/// of the run.
/// </summary>
public sealed unsafe class TrainingState : IDisposable
{
    /// <summary>Parameters, first and second moments.</summary>
    public const int Planes = 3;

    private readonly AlignedBuffer? _ownParameters;
    private readonly WorkingParameters? _working;
    private readonly AlignedBuffer _m;
    private readonly AlignedBuffer _v;
    private readonly ulong[] _chunkDigests;
    private readonly SimdWidth _width;

    private TrainingState(ShardPlacement placement, WorkingParameters? working, RunProgress progress, SimdWidth width)
    {
        ArgumentNullException.ThrowIfNull(placement);
        ArgumentNullException.ThrowIfNull(progress);
        SimdWidths.ThrowIfUnsupported(width);
        Placement = placement;
        Progress = progress;
        _width = width;
        _working = working;
        _ownParameters = working is null ? AlignedBuffer.Of<float>(placement.Elements) : null;
        _m = AlignedBuffer.Of<float>(placement.Elements);
        _v = AlignedBuffer.Of<float>(placement.Elements);
        _chunkDigests = new ulong[placement.Layout.Chunks];
    }

    /// <summary>The shards owned and where their chunks lie.</summary>
    public ShardPlacement Placement { get; }

    /// <summary>The layout.</summary>
    public ParameterLayout Layout => Placement.Layout;

    /// <summary>Steps, updates and the outlier window.</summary>
    public RunProgress Progress { get; }

    /// <summary>A rank that owns every shard: the working parameters are the master parameters. They keep their values; moments are 0.</summary>
    public static TrainingState OverWorkingParameters(WorkingParameters working, RunProgress progress, ComputePool pool, SimdWidth width)
    {
        ArgumentNullException.ThrowIfNull(working);
        TrainingState state = new(ShardPlacement.All(working.Layout), working, progress, width);
        state.RefreshDigests(pool);
        return state;
    }

    /// <summary>A rank that owns some shards, with its own copy of their parameters, taken from the working ones. Moments are 0.</summary>
    public static TrainingState CopyOf(ShardPlacement placement, WorkingParameters working, RunProgress progress, ComputePool pool, SimdWidth width)
    {
        ArgumentNullException.ThrowIfNull(placement);
        ArgumentNullException.ThrowIfNull(working);
        TrainingState state = new(placement, null, progress, width);
        foreach (int c in placement.Held)
        {
            ParameterChunk chunk = placement.Layout.ChunkAt(c);
            new ReadOnlySpan<float>(working.Chunk(chunk), chunk.Length).CopyTo(new Span<float>(state.P(chunk), chunk.Length));
        }

        state.RefreshDigests(pool);
        return state;
    }

    /// <summary>Digest of a shard's parameters and moments, for announcements: not a checksum for files.</summary>
    public ulong DigestOf(int shard)
    {
        ulong digest = 0;
        for (int k = 0; k < Layout.ChunksOfShard(shard); k++)
        {
            digest += _chunkDigests[Layout.ChunkOfShard(shard, k)];
        }

        return digest;
    }

    /// <summary>Computes the digests anew, after the state was written from outside.</summary>
    public void RefreshDigests(ComputePool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        RefreshJob job = new() { State = this };
        pool.Run(ref job, Placement.Held.Length);
    }

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
            new ReadOnlySpan<float>(P(chunk), chunk.Length).CopyTo(new Span<float>(working.Chunk(chunk), chunk.Length));
        }
    }

    /// <summary>A plane of a held chunk: 0 parameters, 1 and 2 moments.</summary>
    public ReadOnlySpan<float> Read(int plane, int chunk) => new(Plane(plane, Layout.ChunkAt(chunk)), Layout.ChunkAt(chunk).Length);

    /// <summary>Frees the memory that this state owns; working parameters that it only uses stay.</summary>
    public void Dispose()
    {
        _ownParameters?.Dispose();
        _m.Dispose();
        _v.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float* P(in ParameterChunk chunk) =>
        _working is not null ? _working.Chunk(chunk) : _ownParameters!.Pointer<float>(Placement.OffsetOf(chunk.Index));

    internal float* M(in ParameterChunk chunk) => _m.Pointer<float>(Placement.OffsetOf(chunk.Index));

    internal float* V(in ParameterChunk chunk) => _v.Pointer<float>(Placement.OffsetOf(chunk.Index));

    internal float* Plane(int plane, in ParameterChunk chunk) => plane switch
    {
        0 => P(chunk),
        1 => M(chunk),
        2 => V(chunk),
        _ => throw new ArgumentOutOfRangeException(nameof(plane), plane, "Planes are 0 (parameters), 1 and 2 (moments)."),
    };

    internal void RefreshDigest(in ParameterChunk chunk)
    {
        ulong digest = 0;
        for (int plane = 0; plane < Planes; plane++)
        {
            digest += DigestOf(plane, chunk);
        }

        _chunkDigests[chunk.Index] = digest;
    }

    // The linear digest over pairs of floats as integers. Index: plane in the top bits, then chunk, then pair.
    private ulong DigestOf(int plane, in ParameterChunk chunk)
    {
        float* values = Plane(plane, chunk);
        int pairs = chunk.Length / 2;
        ulong first = ((ulong)plane << 60) + ((ulong)chunk.Index * (ParameterLayout.ChunkElements / 2));
        ulong digest = SumDigest.Of(_width, (long*)values, first, pairs);
        if (chunk.Length % 2 != 0)
        {
            digest += BitConverter.SingleToUInt32Bits(values[chunk.Length - 1]) * SumDigest.Factor(first + (ulong)pairs);
        }

        return digest;
    }

    private struct RefreshJob : IRangeJob
    {
        public TrainingState State;

        public readonly void Execute(nint from, nint to, int worker)
        {
            for (nint i = from; i < to; i++)
            {
                State.RefreshDigest(State.Layout.ChunkAt(State.Placement.Held[(int)i]));
            }
        }
    }
}
