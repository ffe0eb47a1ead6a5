using Olmo.Actors.Checkpoints;
using Olmo.Actors.ObjectStorage;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Data.Instances;

namespace Olmo.Actors.Ranks;

/// <summary>
/// Batches, loop and writer of a rank as long as its steps follow each other: across generations that go on from survivors, up to one that goes back to a checkpoint. Properties that
/// can be set are touched by the actor alone.
/// </summary>
internal sealed class RankWorld : IDisposable
{
    private readonly CancellationTokenSource _abort = new();
    private readonly RankSettings _settings;
    private readonly TimeProvider _time;
    private readonly IPhaseProbe _probe;
    private readonly IActorRef _rank;
    private readonly ShardWriter _writer;
    private long _generation;
    private long _saveStep;
    private TrainingLoop? _loop;
    private volatile bool _stagesInTurn;
    private bool _left;
    private bool _disposed;

    public RankWorld(FormWorld form, IBatchSource source, IObjectStore store, RankSettings settings, TimeProvider time, IPhaseProbe probe, IActorRef rank)
    {
        Origin = form.Plan.Generation;
        _generation = form.Plan.Generation;
        Timeline = form.Plan.Timeline;
        Course = form.Plan.Data;
        NextToLoad = form.Plan.StateStep + 1;
        FreeSlots = settings.Prefetch;
        _settings = settings;
        _time = time;
        _probe = probe;
        _rank = rank;
        _writer = new ShardWriter(store, probe, settings.Guards);
        Queue = new BatchQueue(source, NextToLoad, settings.Prefetch);
    }

    /// <summary>Generation in which it began: what its threads tell the actor carries this.</summary>
    public long Origin { get; }

    /// <summary>Generation in work; read from any thread.</summary>
    public long Generation
    {
        get => Interlocked.Read(ref _generation);
        set => Interlocked.Exchange(ref _generation, value);
    }

    /// <summary>From the plan, before the world is joined: <see cref="GenerationPlan.SaveStep"/>. Read from any thread.</summary>
    public long SaveStep
    {
        get => Interlocked.Read(ref _saveStep);
        set => Interlocked.Exchange(ref _saveStep, value);
    }

    public int Timeline { get; }

    /// <summary>Which batch a step takes.</summary>
    public DataCourse Course { get; }

    /// <summary>What the loader threw last.</summary>
    public Exception? LoaderFailure { get; set; }

    public BatchQueue Queue { get; }

    /// <summary>Ends whatever runs for this world.</summary>
    public CancellationToken Abort => _abort.Token;

    public long TotalSteps { get; set; }

    /// <summary>Whether a checkpoint is staged one shard at a time; read by the compute thread.</summary>
    public bool StagesInTurn
    {
        get => _stagesInTurn;
        set => _stagesInTurn = value;
    }

    public long NextToLoad { get; set; }

    public int FreeSlots { get; set; }

    public bool Loading { get; set; }

    public IActorRef? Loader { get; set; }

    /// <summary>Position in the world in work.</summary>
    public int Position { get; set; }

    /// <summary>Whether its loop was begun.</summary>
    public bool IsTraining { get; set; }

    public CheckpointSettled? LastSettled { get; private set; }

    /// <summary>By the compute thread.</summary>
    public void Train(IRankEngine engine)
    {
        _abort.Token.ThrowIfCancellationRequested();
        TrainingLoop loop = _loop ?? new TrainingLoop(engine, Queue, _writer, _settings.Checkpoints, _time, _probe, _rank);
        Volatile.Write(ref _loop, loop);
        loop.Run(this, TotalSteps, _abort.Token);
    }

    public void StopAt(long step) => Volatile.Read(ref _loop)?.StopAt(step);

    /// <summary>The newest settled step decides whether the loop's last step is durable.</summary>
    public void Settled(CheckpointSettled settled)
    {
        if (settled.Timeline == Timeline && (LastSettled is null || settled.Step >= LastSettled.Step))
        {
            LastSettled = settled;
            Volatile.Read(ref _loop)?.Settled(settled.Step);
        }
    }

    /// <summary>A loop that ended begins again: its last step is settled anew.</summary>
    public void ForgetSettled() => LastSettled = null;

    /// <summary>By the actor: ends all work of this world soon; the compute thread disposes what is left.</summary>
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
        _loop?.Dispose();
        Queue.Dispose();
        _abort.Dispose();
    }
}
