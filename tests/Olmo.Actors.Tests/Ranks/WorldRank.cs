using Olmo.Actors.Collectives;
using Olmo.Actors.Drills;
using Olmo.Actors.Ranks;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Data.Instances;
using Olmo.Model.Steps;
using Olmo.Model.Tensors;
using Olmo.TestKit.Collectives;
using Olmo.TestKit.ObjectStorage;

namespace Olmo.Actors.Tests.Ranks;

/// <summary>A rank of a world in this process: an engine and its compute thread, which steps until it is told to stop or dies at a moment.</summary>
internal sealed class WorldRank : IPhaseProbe, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly CancellationTokenSource _abort = new();
    private readonly Action<WorldRank> _changed;
    private readonly MemoryObjectStore _store;
    private readonly int _replicas;
    private Thread? _thread;
    private MemoryMesh? _mesh;
    private int _position;
    private readonly object _limitChanged = new();
    private readonly object _taken = new(); // Monitor: threads wait on it
    private int _sumsTaken;
    private long _limit;
    private bool _hasStarted;

    public WorldRank(
        int id, int replicas, int microBatch, MemoryObjectStore store, Action<WorldRank> changed, int threads = 1, DecisionSettings? decision = null, long auditInterval = 0,
        IDrill? drill = null, Precision? precision = null)
    {
        Id = id;
        _replicas = replicas;
        _store = store;
        _changed = changed;
        Engine = new WorldEngine(id, WorldExample.Settings(replicas, microBatch, threads, decision, precision) with { AuditInterval = auditInterval, RanksAhead = replicas, PeakFlops = 1 }, TimeProvider.System, this, drill);
        Engine.WorldFailed += (_, error) =>
        {
            LastError = error;
            HasFailedWorld = true;
            _changed(this);
        };
    }

    public int Id { get; }

    public WorldEngine Engine { get; }

    public MeshError? LastError { get; private set; }

    public bool HasFailedWorld { get; set; }

    public bool IsDead { get; private set; }

    public int Rewound { get; private set; }

    /// <summary>It has reached its limit.</summary>
    public volatile bool IsIdle;

    public Exception? Failure { get; private set; }

    /// <summary>Dies there, once.</summary>
    public (string Phase, long Step, int Times)? DiesAt { get; set; }

    /// <summary>Called at every moment, on the thread that reaches it.</summary>
    public Action<WorldRank, string, long>? OnReached { get; set; }

    /// <summary>Mesh and position of the generation.</summary>
    public (MemoryMesh? Mesh, int Position) Place => (_mesh, _position);

    /// <summary>Moments reached.</summary>
    public HashSet<string> Seen { get; } = [];

    public long Limit
    {
        get => Interlocked.Read(ref _limit);
        set => Interlocked.Exchange(ref _limit, value);
    }

    /// <summary>Which batch a step takes, as the newest plan says.</summary>
    public DataCourse Course { get; private set; } = DataCourse.Whole;

    public List<StepMeasurement> Steps { get; } = [];

    public void Start()
    {
        _thread ??= new Thread(Loop) { IsBackground = true, Name = $"compute {Id}" };
        if (!_hasStarted)
        {
            _hasStarted = true;
            _thread.Start();
        }

        lock (_limitChanged)
        {
            Monitor.PulseAll(_limitChanged);
        }
    }

    public bool Join(GenerationPlan plan, MemoryMesh? mesh)
    {
        HasFailedWorld = false;
        Course = plan.Data;
        return Engine.Join(plan, _store, (_, self, handler, _) =>
        {
            _mesh = mesh;
            _position = self;
            return mesh!.Open(self, new CountingHandler(this, handler));
        }, _abort.Token);
    }

    /// <summary>Frames of sums that it has taken from others.</summary>
    public int SumsTaken
    {
        get
        {
            lock (_taken)
            {
                return _sumsTaken;
            }
        }
    }

    /// <summary>Waits until it has taken more frames of sums than this.</summary>
    public void AwaitSumsTaken(int above)
    {
        lock (_taken)
        {
            while (_sumsTaken <= above)
            {
                if (!Monitor.Wait(_taken, Patience))
                {
                    throw new TimeoutException($"rank {Id} took {_sumsTaken} frames of sums, and no more within {Patience}");
                }
            }
        }
    }

    public void Die()
    {
        IsDead = true;
        _mesh?.Kill(_position);
        _abort.Cancel();
        _changed(this);
    }

    public void Reached(string phase, long step)
    {
        OnReached?.Invoke(this, phase, step);
        lock (Seen)
        {
            Seen.Add(phase);
            if (DiesAt is not { } at || at.Phase != phase || at.Step != step || IsDead)
            {
                return;
            }

            if (at.Times > 1)
            {
                DiesAt = at with { Times = at.Times - 1 };
                return;
            }
        }

        Die();
    }

    public void Dispose()
    {
        _abort.Cancel();
        lock (_limitChanged)
        {
            Monitor.PulseAll(_limitChanged);
        }

        if (_hasStarted)
        {
            _thread!.Join();
        }

        Engine.Dispose();
        _abort.Dispose();
    }

    private StepBatch Next()
    {
        long step = Engine.Step + 1;
        StepBatch batch = WorldExample.Batch(Course.BatchOf(step));
        (batch.Step, batch.Batch, batch.Course) = (step, Course.BatchOf(step), Course);
        return batch;
    }

    private void Loop()
    {
        try
        {
            while (true)
            {
                lock (_limitChanged)
                {
                    while (Engine.Step >= Limit)
                    {
                        IsIdle = true;
                        _changed(this);
                        _abort.Token.ThrowIfCancellationRequested();
                        Monitor.Wait(_limitChanged);
                    }

                    IsIdle = false;
                }

                try
                {
                    Steps.Add(Engine.RunStep(Next(), _abort.Token));
                }
                catch (StepRewoundException)
                {
                    Rewound++;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // dead, or the test is over
        }
        catch (Exception e)
        {
            Failure = e;
        }

        _changed(this);
    }

    private sealed class CountingHandler(WorldRank rank, IMeshHandler inner) : IMeshHandler
    {
        public void OnMessage(int peer, ushort kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
        {
            inner.OnMessage(peer, kind, header, payload);
            if (kind != WorldMessageKind.Sum)
            {
                return;
            }

            lock (rank._taken)
            {
                rank._sumsTaken++;
                Monitor.PulseAll(rank._taken);
            }
        }
    }
}
