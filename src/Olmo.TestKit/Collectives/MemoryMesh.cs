using Olmo.Actors.Collectives;

namespace Olmo.TestKit.Collectives;

/// <summary>
/// The ranks of one generation in one process, connected by memory instead of sockets: the same mesh, threads, frames and checks as over TCP, and faults on demand.
/// Time, hence heartbeats, silence and deadlines, is the given clock's; with a virtual clock nothing ends by time before a test advances it.
/// </summary>
public sealed class MemoryMesh : IDisposable
{
    private readonly MemoryPipe[,] _pipes;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan HandlerPatience = TimeSpan.FromSeconds(0.5);

    private readonly LinkMesh?[] _meshes;
    private readonly FreezableTime[] _times;

    /// <summary>Prepares the links; <see cref="Open"/> gives each rank its mesh.</summary>
    /// <param name="size">Ranks.</param>
    /// <param name="generation">World.</param>
    /// <param name="time">Clock and timers.</param>
    /// <param name="settings">Limits and timeouts; null for the usual.</param>
    /// <param name="pipeBytes">Bytes that may be on their way between two ranks, as in socket buffers.</param>
    public MemoryMesh(int size, long generation, TimeProvider time, MeshSettings? settings = null, int pipeBytes = 256 << 10)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentNullException.ThrowIfNull(time);
        Size = size;
        Generation = generation;
        Settings = settings ?? new MeshSettings();
        _times = [.. Enumerable.Range(0, size).Select(_ => new FreezableTime(time))];
        _meshes = new LinkMesh?[size];
        _pipes = new MemoryPipe[size, size];
        for (int from = 0; from < size; from++)
        {
            for (int to = 0; to < size; to++)
            {
                _pipes[from, to] = new MemoryPipe(pipeBytes, time);
            }
        }
    }

    /// <summary>Ranks.</summary>
    public int Size { get; }

    /// <summary>World.</summary>
    public long Generation { get; }

    /// <summary>Limits and timeouts.</summary>
    public MeshSettings Settings { get; }

    /// <summary>The mesh of one rank; once per position. Bytes of ranks that were opened earlier wait in the links.</summary>
    public IMesh Open(int position, IMeshHandler handler)
    {
        if (_meshes[position] is not null)
        {
            throw new InvalidOperationException($"position {position} is open already");
        }

        IMeshLink?[] links = new IMeshLink?[Size];
        for (int peer = 0; peer < Size; peer++)
        {
            links[peer] = peer == position ? null : new MemoryLink(_pipes[position, peer], _pipes[peer, position]);
        }

        LinkMesh mesh = LinkMesh.Start(Generation, position, links, handler, Settings, _times[position]);
        _meshes[position] = mesh;
        return mesh;
    }

    /// <summary>The process of a rank dies: its links end without a word; what it had written still arrives.</summary>
    public void Kill(int position)
    {
        ForPeers(position, (to, _) => to.End()); // all of them first: its own mesh notices the rest, and a dead process says nothing more
        ForPeers(position, (_, from) =>
        {
            from.Close();
            from.End();
        });
    }

    /// <summary>The process of a rank is stopped: it neither reads nor writes, its timers do not fire, and its links stay open.</summary>
    public void Freeze(int position) => SetFrozen(position, true);

    /// <summary>A stopped rank goes on.</summary>
    public void Thaw(int position) => SetFrozen(position, false);

    /// <summary>Bytes of one direction arrive so much later; zero for no delay. Order is kept.</summary>
    public void Delay(int from, int to, TimeSpan delay) => _pipes[from, to].Delay(delay);

    /// <summary>Flips one bit of the next payload of one direction.</summary>
    /// <param name="from">Sender.</param>
    /// <param name="to">Receiver.</param>
    /// <param name="bit">Number of the bit, modulo the payload's (or its first MiB's) bits.</param>
    /// <param name="kind">Only of a message of this kind; null: of any.</param>
    public void FlipBit(int from, int to, long bit, ushort? kind = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bit);
        _pipes[from, to].FlipBit(bit, kind);
    }

    /// <summary>Bytes of one direction vanish from now on, as on a half-open connection: nothing is closed.</summary>
    public void Drop(int from, int to) => _pipes[from, to].Drop(true);

    /// <summary>
    /// Waits until every rank that waits for bytes has read what has arrived: after moving a virtual clock by a heartbeat, so that no rank seems silent only because a
    /// thread was not scheduled. A rank that is frozen is not waited for, one that stays inside a handler half a second.
    /// </summary>
    /// <exception cref="TimeoutException">A reader took nothing for 30 s of real time.</exception>
    public void Settle()
    {
        foreach (MemoryPipe pipe in _pipes)
        {
            if (!pipe.Settle(Patience, HandlerPatience))
            {
                throw new TimeoutException($"a rank did not read what has arrived for {Patience}");
            }
        }
    }

    /// <summary>Disposes every mesh that was opened.</summary>
    public void Dispose()
    {
        for (int position = 0; position < Size; position++)
        {
            Thaw(position);
        }

        foreach (LinkMesh? mesh in _meshes)
        {
            mesh?.Dispose();
        }

        foreach (MemoryPipe pipe in _pipes)
        {
            pipe.Dispose();
        }
    }

    private void SetFrozen(int position, bool frozen)
    {
        _times[position].IsFrozen = frozen;
        ForPeers(position, (to, from) =>
        {
            to.FreezeWriter(frozen);
            from.FreezeReader(frozen);
        });
    }

    private void ForPeers(int position, Action<MemoryPipe, MemoryPipe> action)
    {
        for (int peer = 0; peer < Size; peer++)
        {
            if (peer != position)
            {
                action(_pipes[position, peer], _pipes[peer, position]);
            }
        }
    }
}
