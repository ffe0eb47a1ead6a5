using Olmo.Actors.Drills;
using Olmo.Actors.Runs;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <content>The compute thread.</content>
public sealed partial class WorldEngine
{
    private CancellationTokenSource _runAbort = new();
    private CancellationTokenRegistration _abortRegistration;
    private CancellationToken _abort;
    private StepReport _report;
    private Announcement[]? _said;
    private long _step;
    private long _computedGroups;
    private long _computedSingles;
    private long _voidAttempts;
    private bool _inStep;
    private bool _isParked;
    private bool _isUpdating;

    /// <inheritdoc/>
    public StepMeasurement RunStep(StepBatch batch, CancellationToken abort)
    {
        ArgumentNullException.ThrowIfNull(batch);
        long before = GC.GetAllocatedBytesForCurrentThread() + _device.AllocatedBytes;
        Bind(abort);
        lock (Gate)
        {
            _inStep = true;
        }

        try
        {
            while (Step < batch.Step)
            {
                _sections.Enter(RankSection.Wait, batch.Step);
                Probe.Reached(Phases.Wait, batch.Step);
                if (AwaitWorld(batch.Step) is { } generation)
                {
                    TryStep(generation, batch);
                }
            }
        }
        finally
        {
            _sections.Leave();
            lock (Gate)
            {
                _inStep = false;
                Monitor.PulseAll(Gate);
            }
        }

        AllocatedInSteps += GC.GetAllocatedBytesForCurrentThread() + _device.AllocatedBytes - before;
        return new StepMeasurement(
            _report.CrossEntropy, _report.ZLoss, _report.GradientNorm, _report.LearningRate, _report.IsSkipped, _report.Tokens, _report.Samples);
    }

    /// <summary>SHA-256 of a group's token ids, if this rank ran it in the step in work or the last one.</summary>
    public BatchHash? HashOfGroup(int group) => _ledger.OfGroup(group);

    // The generation whose step this is, once the parameters stand at the step before; null where the step was done meanwhile by rolling forward.
    private WorldGeneration? AwaitWorld(long step)
    {
        lock (Gate)
        {
            _isParked = true;
            Monitor.PulseAll(Gate);
            while (true)
            {
                _abort.ThrowIfCancellationRequested();
                if (Step >= step)
                {
                    _isParked = false;
                    return null;
                }

                if (!_dropsRun && _generation is { IsOver: false } generation && ParameterSteps.Step == step - 1 && generation.SumStep == step)
                {
                    _isParked = false;
                    return generation;
                }

                if (_generation is { IsJoined: true, IsOver: false } other && other.SumStep < step)
                {
                    _isParked = false;
                    throw new StepRewoundException(step, Step);
                }

                Monitor.Wait(Gate);
            }
        }
    }

    private void TryStep(WorldGeneration generation, StepBatch batch)
    {
        if (batch.Batch != generation.Plan.Data.BatchOf(batch.Step))
        {
            throw new InvalidOperationException($"batch {batch.Batch} came for step {batch.Step}, which takes batch {generation.Plan.Data.BatchOf(batch.Step)} in generation {generation.Number}");
        }

        ComputeRun(generation, batch);
        if (!ComputeSingles(generation, batch) || !Audit(generation, batch))
        {
            return;
        }

        while (true)
        {
            _sections.Enter(RankSection.Sums, batch.Step);
            if (!Await(generation, static g => g.MayAnnounce))
            {
                return;
            }

            Probe.Reached(Phases.Summed, batch.Step);
            if (Drill.Strikes(DrillAct.FlipSum, batch.Step) is not null)
            {
                FlipSumBit(bit: SpoiltBit);
            }

            generation.Owner.Announce(generation.Id, generation.Replica, _said ??= new Announcement[Layout.Shards], throwOnMismatch: false);
            generation.Announce(_said.AsSpan(0, generation.Owner.Count));
            _sections.Enter(RankSection.Announce, batch.Step);
            if (!Await(generation, static g => g.IsFullyAnnounced))
            {
                return;
            }

            TrainingState state = generation.Holding.State;
            StepDecision decision = StepDecision.From(
                generation.Announcements, Layout.Shards, generation.World.Replicas, _settings.Step.Decision, state.Progress.Guard, ignoresDifferences: !Rules.EqualDigests);
            decision = Unguarded(decision);
            ThrowIfRefused(batch.Step, decision);

            if (decision.Outcome is not StepOutcome.Void)
            {
                Apply(generation, batch.Step, decision);
                return;
            }

            if (!TryAgain(generation))
            {
                return;
            }

            ComputeRun(generation, batch); // again, where this rank's own sum was at fault
        }
    }

    // A drill may go without what decides about a step: then it is applied whatever it is.
    private StepDecision Unguarded(in StepDecision decision) => decision.Outcome switch
    {
        StepOutcome.StopNonFinite or StepOutcome.SkipNonFinite or StepOutcome.RollBackNonFinite when !Drill.Guards.NonFinite => decision with { Outcome = StepOutcome.Apply, ClipFactor = 1.0 },
        StepOutcome.SkipOutlier or StepOutcome.RollBackSpike when !Drill.Guards.Spike => decision with { Outcome = StepOutcome.Apply },
        _ => decision,
    };

    // A drill multiplies loss and gradient by weighting every position.
    private GroupBatch Drilled(StepBatch batch, int group)
    {
        GroupBatch tokens = batch.Groups[group];
        float? weight = Drill.Strikes(DrillAct.Nan, batch.Batch, group) is not null ? float.NaN
            : Drill.Strikes(DrillAct.Spike, batch.Batch, group) is { } spike ? (float)spike.Factor
            : null;
        if (weight is not { } factor)
        {
            return tokens;
        }

        GroupBatch weighted = new(tokens.Sequences, tokens.SequenceLength, hasWeights: true, hasDocuments: tokens.DocumentStarts is not null) { Group = group };
        tokens.Ids.CopyTo(weighted.Ids, 0);
        tokens.Labels.CopyTo(weighted.Labels, 0);
        tokens.Instances.CopyTo(weighted.Instances, 0);
        tokens.DocumentStarts?.CopyTo(weighted.DocumentStarts!, 0);
        Array.Fill(weighted.Weights!, factor);
        return weighted;
    }

    /// <summary>Attempts that ended with unequal announcements.</summary>
    public long VoidAttempts => Interlocked.Read(ref _voidAttempts);

    // False: the generation is over.
    private bool Await(WorldGeneration generation, Func<WorldGeneration, bool> condition)
    {
        lock (Gate)
        {
            while (true)
            {
                _abort.ThrowIfCancellationRequested();
                if (condition(generation) && generation.MayAct)
                {
                    return true;
                }

                if (generation.IsOver)
                {
                    return false;
                }

                Monitor.Wait(Gate);
            }
        }
    }

    /// <summary>Keeps reports and plans away until <see cref="LeaveUpdate"/>; waits for a world that is whole.</summary>
    private WorldGeneration EnterUpdate(bool needsParameters, CancellationToken abort)
    {
        Bind(abort);
        lock (Gate)
        {
            while (_isJoining || _generation is null || (needsParameters && ParameterSteps.Step != Step))
            {
                abort.ThrowIfCancellationRequested();
                Monitor.Wait(Gate);
            }

            _isUpdating = true;
            return _generation;
        }
    }

    private void LeaveUpdate()
    {
        lock (Gate)
        {
            _isUpdating = false;
            Monitor.PulseAll(Gate);
        }
    }

    // The registration is made once per token, so that steps allocate nothing.
    private void Bind(CancellationToken abort)
    {
        if (_abort != abort)
        {
            _abortRegistration.Dispose();
            lock (Gate)
            {
                _abort = abort;
                if (_runAbort.IsCancellationRequested)
                {
                    _runAbort.Dispose(); // cancelled by the world before
                    _runAbort = new CancellationTokenSource();
                }
            }

            _abortRegistration = abort.UnsafeRegister(
                static state =>
                {
                    WorldEngine engine = (WorldEngine)state!;
                    lock (engine.Gate)
                    {
                        engine._runAbort.Cancel();
                        Monitor.PulseAll(engine.Gate);
                    }
                },
                this);
        }
    }
}
