using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Olmo.Model.Tensors;

namespace Olmo.Model.State;

/// <summary>
/// A copy of the owned shards at a step boundary, in main memory, so that they are written while training goes on. One buffer, reused for every checkpoint:
/// 12 bytes per owned element.
/// </summary>
/// <remarks><see cref="Take"/> runs on the compute thread, between steps; <see cref="Write"/> on any thread, before the next <see cref="Take"/>.</remarks>
public sealed class ShardStage : IDisposable
{
    private readonly ITensorProvider _provider;
    private readonly ShardPlacement _placement;
    private readonly BufferSet _memory;
    private readonly Tensor[] _planes;
    private int _writers;

    /// <summary>Allocates the buffer.</summary>
    public ShardStage(ITensorProvider provider, ShardPlacement placement)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(placement);
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Shard files hold little-endian numbers; this machine is big-endian.");
        }

        _provider = provider;
        _placement = placement;
        BufferPlan plan = PlanOf(placement, out TensorSlot[] slots);
        SizeBytes = plan.SizeBytes;
        _memory = provider.Allocate(plan);
        _planes = [.. slots.Select(s => _memory[s])];
    }

    /// <summary>Bytes in main memory.</summary>
    public long SizeBytes { get; }

    /// <summary>Bytes that a stage of some shards takes.</summary>
    public static long SizeOf(ShardPlacement placement)
    {
        ArgumentNullException.ThrowIfNull(placement);
        return PlanOf(placement, out _).SizeBytes;
    }

    /// <summary>True while a file is written: the copy cannot be taken anew.</summary>
    public bool IsBusy => Volatile.Read(ref _writers) != 0;

    /// <summary>The shards that it holds.</summary>
    public ShardPlacement Placement => _placement;

    /// <summary>Step after which the copy was taken; -1 before the first.</summary>
    public long Step { get; private set; } = -1;

    /// <summary>The progress of the run at that step, for the manifest.</summary>
    public ReadOnlyMemory<byte> Progress { get; private set; }

    /// <summary>Copies the state.</summary>
    /// <exception cref="ArgumentException">The state lacks a shard of the stage.</exception>
    /// <exception cref="InvalidOperationException">A file of the copy before is still written: <see cref="IsBusy"/>.</exception>
    public void Take(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        bool same = state.Placement.Shards.AsSpan().SequenceEqual(_placement.Shards.AsSpan());
        if ((!same && !_placement.Shards.All(state.Placement.Holds)) || state.Layout.Hash != _placement.Layout.Hash)
        {
            throw new ArgumentException("The state lacks a shard that the stage holds, or has another layout.", nameof(state));
        }

        if (IsBusy)
        {
            throw new InvalidOperationException($"The files of step {Step} are still written; step {state.Progress.Step} cannot be staged.");
        }

        for (int plane = 0; plane < TrainingState.Planes; plane++)
        {
            if (same)
            {
                state.CopyPlane(plane, _planes[plane]);
                continue;
            }

            foreach (int c in _placement.Held)
            {
                ParameterChunk chunk = _placement.Layout.ChunkAt(c);
                state.CopyChunk(plane, c, _planes[plane].View(_placement.OffsetOf(c), new Shape(chunk.Length)));
            }
        }

        Step = state.Progress.Step;
        Progress = state.Progress.ToBytes();
    }

    /// <summary>Writes a shard's file and hashes its bytes on the way. The bytes depend on layout, shard and state alone.</summary>
    /// <param name="shard">A shard that the stage holds.</param>
    /// <param name="destination">Written chunk by chunk; see also <see cref="Describe"/>.</param>
    /// <param name="cancellation">Looked at before each chunk; what was written until then is no file.</param>
    public ShardFileInfo Write(int shard, Stream destination, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long length = Visit(shard, destination, hash, cancellation);
        return new ShardFileInfo(shard, Convert.ToHexStringLower(hash.GetHashAndReset()), length);
    }

    /// <summary>What <see cref="Write"/> would say of a shard's file; nothing is written.</summary>
    /// <param name="shard">A shard that the stage holds.</param>
    /// <param name="cancellation">Looked at before each chunk.</param>
    public ShardFileInfo Describe(int shard, CancellationToken cancellation = default)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long length = Visit(shard, null, hash, cancellation);
        return new ShardFileInfo(shard, Convert.ToHexStringLower(hash.GetHashAndReset()), length);
    }

    /// <summary>Writes a shard's file that was described before: its bytes are not hashed again.</summary>
    /// <param name="shard">A shard that the stage holds.</param>
    /// <param name="destination">As in <see cref="Write"/>.</param>
    /// <param name="cancellation">As in <see cref="Write"/>.</param>
    public void WriteDescribed(int shard, Stream destination, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        Visit(shard, destination, null, cancellation);
    }

    /// <summary>Frees the buffer.</summary>
    public void Dispose() => _memory.Dispose();

    private static BufferPlan PlanOf(ShardPlacement placement, out TensorSlot[] slots)
    {
        BufferPlan plan = new() { InHostMemory = true };
        slots = [.. Enumerable.Range(0, TrainingState.Planes).Select(p => plan.Add($"staged plane {p}", DType.F32, new Shape(placement.Elements)))];
        return plan;
    }

    private long Visit(int shard, Stream? destination, IncrementalHash? hash, CancellationToken cancellation)
    {
        if (Step < 0 || !_placement.Holds(shard))
        {
            throw new InvalidOperationException(Step < 0 ? "Nothing was staged yet." : $"Shard {shard} is not staged here.");
        }

        Interlocked.Increment(ref _writers);
        try
        {
            return VisitContent(shard, destination, hash, cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _writers);
        }
    }

    private long VisitContent(int shard, Stream? destination, IncrementalHash? hash, CancellationToken cancellation)
    {
        byte[] header = ShardHeader.Of(_placement.Layout, shard).ToBytes();
        hash?.AppendData(header);
        destination?.Write(header);
        int chunks = _placement.Layout.ChunksOfShard(shard);
        foreach (Tensor plane in _planes)
        {
            for (int k = 0; k < chunks; k++)
            {
                cancellation.ThrowIfCancellationRequested();
                ParameterChunk chunk = _placement.Layout.ChunkAt(_placement.Layout.ChunkOfShard(shard, k));
                ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(_provider.View<float>(plane.View(_placement.OffsetOf(chunk.Index), new Shape(chunk.Length))));
                hash?.AppendData(bytes);
                destination?.Write(bytes);
            }
        }

        return header.Length + (_placement.Layout.ElementsOfShard(shard) * TrainingState.Planes * sizeof(float));
    }
}
