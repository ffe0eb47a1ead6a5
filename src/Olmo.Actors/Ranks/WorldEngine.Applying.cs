using System.Globalization;
using Olmo.Actors.Collectives;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <content>What follows on a full set of announcements: the update, a refusal, or another attempt.</content>
public sealed partial class WorldEngine
{
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
}
