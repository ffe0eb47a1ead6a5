using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Ranks;

/// <summary>
/// Steps on the compute thread, across generations as long as nobody goes back: take a batch, run the step, tell; at a boundary copy the state and let it be written beside the
/// next steps.
/// </summary>
internal sealed class TrainingLoop(
    IRankEngine engine, BatchQueue queue, ShardWriter writer, CheckpointPolicy policy, TimeProvider time, IPhaseProbe probe, IActorRef rank) : IDisposable
{
    private const long Never = long.MaxValue;
    private readonly SemaphoreSlim _settledSignal = new(0);
    private readonly Lock _stopGate = new();
    private CancellationTokenSource? _stopping;
    private long _settled;
    private long _staged;
    private long _stopAt = Never;

    /// <summary>From any thread: end after a step, with a checkpoint of it. If that step is done, the one in work is given up: without this rank it cannot end.</summary>
    public void StopAt(long step)
    {
        lock (_stopGate)
        {
            _stopAt = step;
            if (engine.Step >= step)
            {
                _stopping?.Cancel();
            }
        }
    }

    /// <summary>From any thread: the checkpoint of a step is committed or abandoned.</summary>
    public void Settled(long step)
    {
        Interlocked.Exchange(ref _settled, Math.Max(step, Interlocked.Read(ref _settled)));
        _settledSignal.Release();
    }

    /// <summary>Runs until <paramref name="totalSteps"/> are done, somebody asks to stop, or <paramref name="abort"/>.</summary>
    /// <param name="world">Whose steps these are.</param>
    /// <param name="totalSteps">Where the training ends.</param>
    /// <param name="abort">Ends it at once, without a checkpoint.</param>
    public void Run(RankWorld world, long totalSteps, CancellationToken abort)
    {
        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(abort);
        lock (_stopGate)
        {
            _stopAt = Never;
            _stopping = stopping;
        }

        try
        {
            bool staged = false;
            while (engine.Step < totalSteps && !IsStopDue())
            {
                staged = Step(world, totalSteps, stopping.Token, abort);
            }

            // The last step's checkpoint must exist, also where a change of the world ended the attempt, or where this rank came to a training that was over.
            if (!staged)
            {
                Stage(world, totalSteps, abort);
            }
        }
        finally
        {
            lock (_stopGate)
            {
                _stopping = null;
            }
        }

        rank.Tell(new LoopEnded(world.Origin, engine.Step, engine.Step >= totalSteps), ActorRefs.NoSender);
    }

    /// <inheritdoc />
    public void Dispose() => _settledSignal.Dispose();

    private bool IsStopDue() => Interlocked.Read(ref _stopAt) <= engine.Step;

    // True if the state after the step was staged.
    private bool Step(RankWorld world, long totalSteps, CancellationToken stop, CancellationToken abort)
    {
        try
        {
            WaitForCheckpoint(stop);
            long started = time.GetTimestamp();
            StepBatch batch = queue.Take(engine.Step + 1, stop);
            TimeSpan waited = time.GetElapsedTime(started);
            probe.Reached(Phases.Step, batch.Step);
            StepMeasurement measured = engine.RunStep(batch, stop);
            rank.Tell(new StepDone(world.Origin, new StepCompleted(
                world.Timeline, world.Generation, engine.Step, measured.Loss, measured.ZLoss, measured.GradientNorm, measured.LearningRate, measured.IsSkipped, measured.Tokens,
                engine.TokensSeen, time.GetElapsedTime(started), waited, engine.FlopsPerToken * measured.Tokens, engine.PeakFlops * engine.Ranks, measured.Samples.Batch, measured.Samples.Sequences,
                measured.Samples.Hash)), ActorRefs.NoSender);
        }
        catch (OperationCanceledException) when (!abort.IsCancellationRequested)
        {
            return false; // the stop's step is done
        }

        if (!IsStopDue() && engine.Step != world.SaveStep && !policy.IsBoundary(engine.Step, totalSteps))
        {
            return false;
        }

        Stage(world, totalSteps, abort);
        return true;
    }

    private void Stage(RankWorld world, long totalSteps, CancellationToken abort)
    {
        writer.WaitUntilIdle(abort);
        bool inTurn = world.StagesInTurn;
        // A step belongs to the checkpoint of the world that decided it, also for a rank that applies it in the next one. The last step's is made by whatever world comes to it.
        long appliedIn = engine.AppliedIn > 0 && engine.Step < totalSteps ? engine.AppliedIn : world.Generation;
        IStagedState staged = inTurn ? engine.StageInTurn() : engine.Stage();
        rank.Tell(new StateStaged(world.Origin, engine.Step, [.. staged.Shards], appliedIn), ActorRefs.NoSender);
        _staged = staged.Step;
        if (inTurn)
        {
            writer.WriteHere(staged, world.Timeline, appliedIn, rank, abort);
            return;
        }

        writer.Start(staged, world.Timeline, appliedIn, rank);
    }

    // Bounds what a loss of everything costs: no step runs further past an unsettled checkpoint than the recipe allows.
    private void WaitForCheckpoint(CancellationToken abort)
    {
        while (policy.MaxLag is { } lag && Interlocked.Read(ref _settled) < _staged && engine.Step - _staged >= lag)
        {
            _settledSignal.Wait(abort);
        }
    }
}
