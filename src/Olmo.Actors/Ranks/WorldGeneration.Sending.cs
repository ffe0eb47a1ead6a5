using Olmo.Actors.Collectives;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <content>
/// What goes to other ranks: one thread with one buffer, so that the compute thread neither copies nor waits and the memory is bounded by the largest range. Whatever
/// a peer holds back ends when that peer has followed, which needs nothing that is still to be sent here.
/// </content>
internal sealed partial class WorldGeneration
{
    private const int ParameterChunksOfBlock = 16;
    private const int StateChunksOfBlock = 4;
    private readonly Queue<Outgoing> _outgoing = new();
    private readonly HashSet<int> _wantParameters = [];
    private readonly Dictionary<int, StateFetch> _fetches = [];
    private byte[] _frame = [];
    private byte[] _block = [];
    private readonly byte[][] _announcementPayloads = new byte[2][];
    private int _announcementsMade;
    private Thread? _sender;
    private bool _isClosed;
    private bool _givesParameters; // the owned state is whole
    private int _singlesUnderWay;

    /// <summary>The pair's own shards and others: starts to send. The handler may have been called before.</summary>
    public void Start(IMesh? mesh)
    {
        Mesh = mesh;
        _sender = new Thread(SendLoop) { IsBackground = true, Name = $"world {Number} {Self}" };
        _sender.Start();
        if (mesh is not null)
        {
            mesh.Failed += OnMeshFailed;
        }
    }

    /// <summary>Ends all threads of the generation; not under a lock. What they were doing is done or was not begun.</summary>
    public void Close()
    {
        lock (_outgoing)
        {
            _isClosed = true;
            Monitor.PulseAll(_outgoing);
        }

        Mesh?.Abort(MeshError.Aborted($"rank {_engine.RankId} leaves generation {Number}"));
        _engine.Wake();
        _sender?.Join();
        Mesh?.Dispose();
    }

    /// <summary>A layer of the run is final; the scalars are layer <see cref="WorldRecipe.Layers"/>. Once per attempt. Under the engine's gate.</summary>
    public void Contribute(int layer)
    {
        if (!_contributed[layer])
        {
            _contributed[layer] = true;
            Enqueue(new Outgoing(OutgoingKind.Contribution, layer, Step: _sumStep, Attempt: _attempt));
        }
    }

    /// <summary>A layer of a recomputed group is final.</summary>
    public void ContributeSingle(int layer, int group, GradientAccumulator single)
    {
        Interlocked.Increment(ref _singlesUnderWay);
        Enqueue(new Outgoing(OutgoingKind.Single, layer, Step: _sumStep, Group: group, Single: single));
    }

    /// <summary>By the compute thread: the accumulator of a recomputed group may be used again.</summary>
    public bool SinglesAreSent => Volatile.Read(ref _singlesUnderWay) == 0;

    /// <summary>
    /// By the compute thread: its announcements go out. Two buffers take turns: where nothing of its own shards is void a rank announces the next attempt while the last
    /// one may still be in the queue, but nobody is two ahead of a rank that it has not told.
    /// </summary>
    public void Announce(ReadOnlySpan<Announcement> said)
    {
        int buffer = _announcementsMade++ & 1;
        for (int i = 0; i < said.Length; i++)
        {
            AnnouncementBytes.Write(said[i], _announcementPayloads[buffer].AsSpan(i * AnnouncementBytes.Each));
        }

        lock (_engine.Gate)
        {
            foreach (ref readonly Announcement one in said)
            {
                Count(one);
            }
        }

        Enqueue(new Outgoing(OutgoingKind.Announcements, buffer, Step: _sumStep, Attempt: _attempt));
    }

    /// <summary>By the compute thread after the update: the owned parameters go to the own replica.</summary>
    public void SendParameters(long step)
    {
        if (EndOfReplica - FirstOfReplica > 1)
        {
            Enqueue(new Outgoing(OutgoingKind.Parameters, Step: step));
        }
    }

    public void Release() => Enqueue(new Outgoing(OutgoingKind.Release));

    /// <summary>Bytes of the buffer for parameters once the largest block was sent.</summary>
    public static long ParameterBlockBytes(ShardPlacement owned) =>
        owned.Shards.Max(s => Math.Min(ParameterChunksOfBlock, owned.Layout.ChunksOfShard(s))) * (long)ParameterLayout.ChunkElements * sizeof(float);

    /// <summary>Messages that carry the parameters of the owned shards.</summary>
    public static long ParameterBlocks(ShardPlacement owned) =>
        owned.Shards.Sum(s => (long)((owned.Layout.ChunksOfShard(s) + ParameterChunksOfBlock - 1) / ParameterChunksOfBlock));

    /// <summary>Bytes of the buffers of the sending thread.</summary>
    public long BufferBytes => _frame.Length + _block.Length;

    private void InitialiseSending()
    {
        if (World.Ranks > 1)
        {
            _frame = GC.AllocateUninitializedArray<byte>(SumFrame.MostBytes(Holding.Placement.Layout, _engine.Run, World.Groups), pinned: true);
        }

        for (int i = 0; i < _announcementPayloads.Length; i++)
        {
            _announcementPayloads[i] = new byte[Holding.Placement.Shards.Length * AnnouncementBytes.Each];
        }

        _outgoing.EnsureCapacity((Holding.Placement.Shards.Length * (_layers + 1)) + _layers + 8);
    }

    private void OnMeshFailed(MeshError error)
    {
        lock (_engine.Gate)
        {
            _meshFailed = true;
            Monitor.PulseAll(_engine.Gate);
        }

        _engine.OnWorldFailed(this, error);
    }

    private void Enqueue(in Outgoing next)
    {
        lock (_outgoing)
        {
            _outgoing.Enqueue(next);
            Monitor.Pulse(_outgoing);
        }
    }

    private bool TryDequeue(out Outgoing next)
    {
        lock (_outgoing)
        {
            while (_outgoing.Count == 0 && !_isClosed)
            {
                Monitor.Wait(_outgoing);
            }

            next = _isClosed ? default : _outgoing.Dequeue();
            return !_isClosed;
        }
    }

    private void SendLoop()
    {
        try
        {
            while (TryDequeue(out Outgoing next))
            {
                Execute(next);
            }
        }
        catch (MeshException)
        {
            // The mesh keeps its error and has told it.
        }
        catch (Exception e) // the boundary of the thread: whatever happened ends the generation
        {
            MeshError error = new(MeshErrorKind.Handler, -1, Self, $"sending failed: {e.GetType().Name}: {e.Message}");
            if (Mesh is { } mesh)
            {
                mesh.Abort(error);
            }
            else
            {
                OnMeshFailed(error);
            }
        }
    }

    private void Execute(in Outgoing next)
    {
        switch (next.Kind)
        {
            case OutgoingKind.Contribution:
                SendContribution(_engine.Local, next);
                break;
            case OutgoingKind.Single:
                SendContribution(next.Single!, next);
                Interlocked.Decrement(ref _singlesUnderWay);
                _engine.Wake();
                break;
            case OutgoingKind.Exchange:
                SendExchange(next);
                break;
            case OutgoingKind.Announcements:
                _engine.Probe.Reached(Phases.Announced, next.Step);
                WorldHeader said = new(next.Step, First: Replica, Count: Holding.Placement.Shards.Length, Detail: next.Attempt);
                for (int i = 1; i < World.Ranks; i++)
                {
                    Send((Self + i) % World.Ranks, WorldMessageKind.Announcements, said, _announcementPayloads[next.Layer]);
                    _engine.Probe.Reached(Phases.Told, next.Step);
                }

                break;
            case OutgoingKind.Parameters:
                SendParametersTo(next.Peer, next.Step);
                break;
            case OutgoingKind.AskParameters:
                Send(next.Peer, WorldMessageKind.ParametersWanted, new WorldHeader(next.Step), []);
                break;
            case OutgoingKind.State:
                SendState(next);
                break;
            case OutgoingKind.AskState:
                Send(next.Peer, WorldMessageKind.StateWanted, new WorldHeader(next.Step, next.Shard), next.Bitmap);
                break;
            case OutgoingKind.Audit:
                SendAudit(next);
                break;
            case OutgoingKind.Release:
                _engine.ReleaseDropped();
                break;
            default:
                throw new InvalidOperationException($"{next.Kind}");
        }
    }

    // False where everybody has gone on without it: then the range needed nothing of it, and what it would read may have changed.
    private bool IsDue(in Outgoing next, out StepIdentity id, out bool[]? voidShards)
    {
        lock (_engine.Gate)
        {
            id = Id;
            voidShards = _voidShards;
            return id.Step == next.Step && id.Attempt == next.Attempt;
        }
    }
}
