using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Ranks;

/// <summary>Steps of one generation, on the compute thread: take a batch, run the step, tell; at a boundary copy the state and let it be written beside the next steps.</summary>
internal sealed class TrainingLoop(
    IRankEngine engine, BatchQueue queue, ShardWriter writer, CheckpointPolicy policy, TimeProvider time, IPhaseProbe probe, IActorRef rank)
{
    private readonly SemaphoreSlim _settledSignal = new(0);
    private long _settled;
    private long _staged;
    private volatile bool _stopAtBoundary;

    /// <summary>From any thread: end after the step that runs, with a checkpoint of it.</summary>
    public void StopAtBoundary() => _stopAtBoundary = true;

    /// <summary>From any thread: the checkpoint of a step is committed or abandoned.</summary>
    public void Settled(long step)
    {
        Interlocked.Exchange(ref _settled, Math.Max(step, Interlocked.Read(ref _settled)));
        _settledSignal.Release();
    }

    /// <summary>Runs until <paramref name="totalSteps"/> are done, somebody asks to stop, or <paramref name="abort"/>.</summary>
    public void Run(int timeline, long generation, long totalSteps, CancellationToken abort)
    {
        while (engine.Step < totalSteps)
        {
            WaitForCheckpoint(abort);
            long started = time.GetTimestamp();
            StepBatch batch = queue.Take(engine.Step + 1, abort);
            TimeSpan waited = time.GetElapsedTime(started);
            probe.Reached(Phases.Step, batch.Step);
            StepMeasurement measured = engine.RunStep(batch, abort);
            rank.Tell(new StepDone(generation, new StepCompleted(
                timeline, generation, engine.Step, measured.Loss, measured.ZLoss, measured.GradientNorm, measured.LearningRate, measured.IsSkipped, measured.Tokens,
                engine.TokensSeen, time.GetElapsedTime(started), waited, engine.FlopsPerToken * measured.Tokens, engine.PeakFlops)), ActorRefs.NoSender);

            bool stop = _stopAtBoundary;
            if (stop || policy.IsBoundary(engine.Step, totalSteps))
            {
                writer.WaitUntilIdle(abort);
                IStagedState staged = engine.Stage();
                rank.Tell(new StateStaged(generation, engine.Step), ActorRefs.NoSender);
                _staged = staged.Step;
                writer.Start(staged, timeline, generation, rank);
            }

            if (stop)
            {
                break;
            }
        }

        rank.Tell(new LoopEnded(generation, engine.Step, engine.Step >= totalSteps), ActorRefs.NoSender);
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
