using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Ranks;

/// <summary>What a rank holds for one generation. Fields that the actor changes are touched by the actor alone; the engine by the compute thread alone.</summary>
internal sealed class RankWorld : IDisposable
{
    private readonly CancellationTokenSource _abort = new();
    private readonly IRankEngineFactory _engines;
    private readonly RankSettings _settings;
    private readonly TimeProvider _time;
    private readonly IPhaseProbe _probe;
    private readonly IActorRef _rank;
    private readonly ShardWriter _writer;
    private IRankEngine? _engine;
    private long _step;
    private bool _left;
    private bool _disposed;

    public RankWorld(
        FormWorld form, IRankEngineFactory engines, IBatchSource source, IObjectStore store, RankSettings settings, TimeProvider time, IPhaseProbe probe, IActorRef rank)
    {
        Generation = form.Plan.Generation;
        Timeline = form.Plan.Timeline;
        _step = form.Plan.StateStep;
        NextToLoad = _step + 1;
        FreeSlots = settings.Prefetch;
        _engines = engines;
        _settings = settings;
        _time = time;
        _probe = probe;
        _rank = rank;
        _writer = new ShardWriter(store, probe);
        Queue = new BatchQueue(source, NextToLoad, settings.Prefetch);
    }

    public long Generation { get; }

    public int Timeline { get; }

    public BatchQueue Queue { get; }

    public long TotalSteps { get; set; }

    public long NextToLoad { get; set; }

    public int FreeSlots { get; set; }

    public bool Loading { get; set; }

    public IActorRef? Loader { get; set; }

    public volatile TrainingLoop? Loop;

    public CheckpointSettled? LastSettled { get; private set; }

    /// <summary>Steps that are done; read from any thread.</summary>
    public long Step => _engine?.Step ?? Interlocked.Read(ref _step);

    public void Form(CheckpointManifest? manifest, IObjectStore store)
    {
        _abort.Token.ThrowIfCancellationRequested();
        IRankEngine engine = _engines.Create();
        _engine = engine;
        engine.Form(new WorldIdentity(Generation, Timeline), manifest, store, _abort.Token);
        engine.WarmUp(_abort.Token);
        Loop = new TrainingLoop(engine, Queue, _writer, _settings.Checkpoints, _time, _probe, _rank);
    }

    public void Train() => Loop!.Run(Timeline, Generation, TotalSteps, _abort.Token);

    public FinishReport Finish() => _engine!.Finish(_abort.Token);

    /// <summary>The newest settled step decides whether the loop's last step is durable.</summary>
    public void Settled(CheckpointSettled settled)
    {
        if (settled.Timeline == Timeline && (LastSettled is null || settled.Step >= LastSettled.Step))
        {
            LastSettled = settled;
            Loop?.Settled(settled.Step);
        }
    }

    /// <summary>By the actor: ends all work of this generation soon; the compute thread disposes what is left.</summary>
    /// <returns>False if it was left before.</returns>
    public bool Leave()
    {
        if (_left)
        {
            return false;
        }

        _left = true;
        _abort.Cancel();
        return true;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _writer.Dispose();
        _engine?.Dispose();
        Queue.Dispose();
        _abort.Dispose();
    }
}
