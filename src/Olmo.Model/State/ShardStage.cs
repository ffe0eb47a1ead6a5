using System.Security.Cryptography;
using Olmo.Model.Compute;

namespace Olmo.Model.State;

/// <summary>
/// A copy of the owned shards at a step boundary, in the order of their files, so that they are written while training goes on. One buffer, reused for every
/// checkpoint: 12 bytes per owned element.
/// </summary>
/// <remarks><see cref="Take"/> runs on the compute thread, between steps; <see cref="Write"/> on any thread, before the next <see cref="Take"/>.</remarks>
public sealed unsafe class ShardStage : IDisposable
{
    private const int BlockBytes = 1 << 20;
    private readonly ShardPlacement _placement;
    private readonly AlignedBuffer _buffer;
    private readonly long[] _firstOfShard;
    private int _writers;

    /// <summary>Allocates the buffer.</summary>
    public ShardStage(ShardPlacement placement)
    {
        ArgumentNullException.ThrowIfNull(placement);
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Shard files hold little-endian numbers; this machine is big-endian.");
        }

        _placement = placement;
        _buffer = AlignedBuffer.Of<float>(placement.Elements * TrainingState.Planes);
        _firstOfShard = new long[placement.Layout.Shards];
        long at = 0;
        foreach (int shard in placement.Shards)
        {
            _firstOfShard[shard] = at;
            at += placement.Layout.ElementsOfShard(shard) * TrainingState.Planes;
        }
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
    /// <exception cref="ArgumentException">The state owns other shards.</exception>
    /// <exception cref="InvalidOperationException">A file of the copy before is still written: <see cref="IsBusy"/>.</exception>
    public void Take(TrainingState state, ComputePool pool)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(pool);
        if (!state.Placement.Shards.AsSpan().SequenceEqual(_placement.Shards.AsSpan()) || state.Layout.Hash != _placement.Layout.Hash)
        {
            throw new ArgumentException("The state owns other shards than the stage holds, or has another layout.", nameof(state));
        }

        if (IsBusy)
        {
            throw new InvalidOperationException($"The files of step {Step} are still written; step {state.Progress.Step} cannot be staged.");
        }

        CopyJob job = new() { Stage = this, State = state, Buffer = _buffer.Pointer<float>() };
        pool.Run(ref job, _placement.Held.Length);
        Step = state.Progress.Step;
        Progress = state.Progress.ToBytes();
    }

    /// <summary>Writes a shard's file and hashes its bytes on the way. The bytes depend on layout, shard and state alone.</summary>
    /// <param name="shard">A shard that the stage holds.</param>
    /// <param name="destination">Written in blocks of 1 MiB; <see cref="Stream.Null"/> gives the digest alone.</param>
    /// <param name="cancellation">Looked at before each block; what was written until then is no file.</param>
    public ShardFileInfo Write(int shard, Stream destination, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (Step < 0 || !_placement.Holds(shard))
        {
            throw new InvalidOperationException(Step < 0 ? "Nothing was staged yet." : $"Shard {shard} is not staged here.");
        }

        Interlocked.Increment(ref _writers);
        try
        {
            return WriteContent(shard, destination, cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _writers);
        }
    }

    /// <summary>Frees the buffer.</summary>
    public void Dispose() => _buffer.Dispose();

    private ShardFileInfo WriteContent(int shard, Stream destination, CancellationToken cancellation)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] header = ShardHeader.Of(_placement.Layout, shard).ToBytes();
        hash.AppendData(header);
        destination.Write(header);
        long bytes = _placement.Layout.ElementsOfShard(shard) * TrainingState.Planes * sizeof(float);
        byte* data = (byte*)_buffer.Pointer<float>(_firstOfShard[shard]);
        for (long at = 0; at < bytes; at += BlockBytes)
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> block = new(data + at, (int)Math.Min(BlockBytes, bytes - at));
            hash.AppendData(block);
            destination.Write(block);
        }

        return new ShardFileInfo(shard, Convert.ToHexStringLower(hash.GetHashAndReset()), header.Length + bytes);
    }

    private struct CopyJob : IRangeJob
    {
        public ShardStage Stage;
        public TrainingState State;
        public float* Buffer;

        public readonly void Execute(nint from, nint to, int worker)
        {
            ParameterLayout layout = State.Layout;
            for (nint i = from; i < to; i++)
            {
                ParameterChunk chunk = layout.ChunkAt(Stage._placement.Held[(int)i]);
                int shard = layout.ShardOf(chunk.Index);
                float* first = Buffer + Stage._firstOfShard[shard] + layout.OffsetInShard(chunk.Index);
                for (int plane = 0; plane < TrainingState.Planes; plane++)
                {
                    new ReadOnlySpan<float>(State.Plane(plane, chunk), chunk.Length)
                        .CopyTo(new Span<float>(first + (plane * layout.ElementsOfShard(shard)), chunk.Length));
                }
            }
        }
    }
}
