using System.Globalization;
using Olmo.Actors.Collectives;
using Olmo.Actors.Drills;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
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

    // Every rank of the world comes to the same: nothing of the step is applied, and the run's supervisor hears why.
    private void ThrowIfRefused(long step, in StepDecision decision)
    {
        switch (decision.Outcome)
        {
            case StepOutcome.StopNonFinite:
                throw new NonFiniteStepException(step, "a loss or gradient");
            case StepOutcome.RollBackNonFinite:
                throw new RollBackStepException(FaultKind.RunNotFinite, step, $"{_settings.Step.Decision.MaxSkips} steps in a row have a loss or gradient that is not finite or out of range (loss.max-skips)");
            case StepOutcome.RollBackSpike:
                throw new RollBackStepException(
                    FaultKind.RunSpiked, step, string.Create(CultureInfo.InvariantCulture, $"{_settings.Step.Decision.MaxSpikes} steps in a row are outliers (loss.max-spikes), the last with loss {decision.Loss.MeanCrossEntropy:0.0000} and norm {decision.Norm:0.000}"));
            default:
                break;
        }
    }

    private void Apply(WorldGeneration generation, long step, in StepDecision decision)
    {
        lock (Gate)
        {
            if (!generation.MayAct)
            {
                return;
            }

            _isUpdating = true;
            generation.SawFullSet = true;
        }

        try
        {
            _sections.Enter(RankSection.Apply, step);
            Probe.Reached(Phases.Applying, step);
            if (RankRules.MayDropMoved(generation.SawFullSet, Rules))
            {
                DropFormer(generation);
            }

            Carry(generation.Plan, generation.Holding, generation.Owner, step, decision);
            lock (Gate)
            {
                _applied = (step, generation.Number, decision, AnnouncementBytes.DigestOf(generation.Announcements, Layout.Shards));
                _run.Drop();
            }

            generation.NextStep();
            _sections.Enter(RankSection.Gather, step);
            Probe.Reached(Phases.Gather, step);
            generation.SendParameters(step);
            generation.Holding.State.Gather(Parameters);
            SetOwnParametersOf(generation.Holding, step);
        }
        finally
        {
            LeaveUpdate();
        }

        Await(generation, static g => g.HasParameters);
    }

    // The update and what is known of it; the caller has made sure that nobody reports meanwhile.
    private void Carry(GenerationPlan plan, Holding holding, ShardOwner owner, long step, in StepDecision decision)
    {
        _report = owner.CarryOut(decision, _settings.Step, step, plan.Data.BatchOf(step), _ledger.Count, _ledger.OfAll());
        lock (Gate)
        {
            holding.Step = step;
            Interlocked.Exchange(ref _step, step);
            if (holding.Placement.IsWhole)
            {
                ParameterSteps.SetAll(step);
            }
        }
    }

    internal void SetOwnParametersOf(Holding holding, long step)
    {
        lock (Gate)
        {
            foreach (int chunk in holding.Placement.Held)
            {
                ParameterSteps.Set(chunk, step);
            }

            Monitor.PulseAll(Gate);
        }
    }

    // Rule 8: in a step of the plain deal the ranks send again what they kept; else the generation ends, and the void sums are not reported.
    private bool TryAgain(WorldGeneration generation)
    {
        bool[] isVoid = new bool[Layout.Shards];
        ReadOnlySpan<Announcement> said = generation.Announcements;
        for (int shard = 0; shard < Layout.Shards; shard++)
        {
            for (int replica = 0; replica < generation.World.Replicas; replica++)
            {
                isVoid[shard] |= said[(replica * Layout.Shards) + shard].Contradicts(said[shard], said[0]);
            }
        }

        Interlocked.Increment(ref _voidAttempts);
        Report(generation, said, isVoid);
        DropSpoiltRun(isVoid);
        bool plain = generation.SumStep > generation.Plan.StateStep + 1 || (generation.Plan.Bases.All(b => b.IsEmpty) && generation.Plan.Deals.All(d => d.Singles.IsEmpty));
        if (!plain || generation.Attempt + 1 >= MostAttempts)
        {
            lock (generation.Sums.Gate)
            {
                foreach (int shard in generation.Holding.Placement.Shards)
                {
                    if (isVoid[shard])
                    {
                        generation.Sums.ResetShard(shard);
                    }
                }
            }

            MeshError error = new(
                MeshErrorKind.Corruption, -1, -1, $"owners announce different sums of step {generation.SumStep}, attempt {generation.Attempt}; the first of these shards is {Array.IndexOf(isVoid, true)}");
            if (generation.Mesh is { } mesh)
            {
                mesh.Abort(error);
                return false;
            }

            throw new InvalidOperationException(error.Message);
        }

        generation.NextAttempt(isVoid);
        lock (Gate)
        {
            for (int layer = 0; layer <= Layout.Layers; layer++)
            {
                if (_run.Step == generation.SumStep && _run.Final[layer])
                {
                    generation.Contribute(layer);
                }
            }
        }

        return true;
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
