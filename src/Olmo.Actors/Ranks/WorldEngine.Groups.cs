using Olmo.Actors.Drills;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;
using Olmo.Data.Instances;
using Olmo.Model.Cuda;
using Olmo.Model.State;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <content>The groups of a step: the run, groups one by one, and what goes out as a layer becomes final.</content>
public sealed partial class WorldEngine
{
    // Runs what is left of the run; a change of the generation does not stop it.
    private void ComputeRun(WorldGeneration generation, StepBatch batch)
    {
        if (_run.Step != batch.Step)
        {
            Local.Reset();
            _ledger.Clear();
            lock (Gate)
            {
                if (generation.IsOver || _dropsRun)
                {
                    return;
                }

                _run.Begin(batch.Step, WorldDuties.RunOf(generation.Plan, generation.World, batch.Step, generation.Self), batch.Groups.Length);
            }
        }

        for (int group = _run.Next; group >= 0; group = _run.Next)
        {
            _abort.ThrowIfCancellationRequested();
            if (_dropsRun || !RunGroupOfRun(generation, batch, group))
            {
                return;
            }

            lock (Gate)
            {
                bool wasLast = _run.IsLast;
                _run.Done(group);
                if (wasLast)
                {
                    OnLayerFinal(Layout.Layers);
                }
            }
        }
    }

    private bool ComputeSingles(WorldGeneration generation, StepBatch batch)
    {
        foreach (int group in generation.Singles)
        {
            if (!Await(generation, static g => g.SinglesAreSent))
            {
                return false;
            }

            GradientAccumulator single = EmptySingle(LayersOf(generation, batch.Step, group));
            if (!RunGroup(generation.Plan.Data, single, batch, group))
            {
                return false;
            }

            Interlocked.Increment(ref _computedSingles);
            generation.ContributeSingle(Layout.Layers, group, single);
        }

        return true;
    }

    // Apart: what it captures is allocated where it is entered, and steps without singles allocate nothing.
    private Action<int> LayersOf(WorldGeneration generation, long step, int group) => layer =>
    {
        OnBackward(step);
        generation.ContributeSingle(layer, group, _single!);
    };

    // The sums of one group by itself.
    private GradientAccumulator EmptySingle(Action<int> layerCompleted)
    {
        _single ??= new GradientAccumulator(_provider, ShardPlacement.All(Layout), _settings.Step.Groups);
        _single.LayerCompleted = layerCompleted;
        _single.Reset();
        return _single;
    }

    private bool RunGroup(DataCourse course, GradientAccumulator sums, StepBatch batch, int group, bool counts = true)
    {
        long begun = _time.GetTimestamp();
        _sections.Enter(RankSection.Forward, batch.Step);
        _isForward = true;
        Probe.Reached(Phases.Forward, batch.Step);
        if (course.IsQuarantined(batch.Batch, group))
        {
            AddZero(sums, group);
            return true;
        }

        GroupBatch tokens = Drilled(batch, group);
        long labels = Math.Max(batch.LabelCount, 1);
        sums.BeginGroup(group);
        _flipsGradient = Drill.Strikes(DrillAct.FlipGradient, batch.Step, group) is not null;
        GroupLoss loss;
        try
        {
            Drill.Passed(Phases.Forward, batch.Step, group);
            if (!_program.RunGroup(tokens, labels, sums, out loss, _runAbort.Token))
            {
                sums.AbandonGroup();
                return false;
            }
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException or CudaException)) // those are not the group's fault
        {
            throw new GroupFailedException(batch.Step, group, e);
        }

        LossParts parts = LossParts.OfGroup(loss, labels, _settings.Step.Groups, out bool valid);
        sums.EndGroup(parts, valid);
        if (counts)
        {
            _ledger.Note(tokens);
            Interlocked.Increment(ref _computedGroups);
            Interlocked.Add(ref _computeTicks, _time.GetTimestamp() - begun);
        }

        return true;
    }

    // A quarantined group counts as zero (rule 17): it is contributed like any other, so that every set of groups is whole.
    private void AddZero(GradientAccumulator sums, int group)
    {
        sums.BeginGroup(group);
        for (int layer = Layout.Layers - 1; layer >= 0; layer--)
        {
            sums.CompleteLayer(layer);
        }

        sums.EndGroup(default, isValid: true);
    }

    private void OnLayerCompleted(int layer)
    {
        OnBackward(_run.Step);
        if (_flipsGradient)
        {
            _flipsGradient = false;
            Local.FlipBit(Layout.FirstChunkOfLayer(layer), SpoiltBit);
        }

        if (_run.IsLast)
        {
            Probe.Reached(Phases.Backward, _run.Step);
            lock (Gate)
            {
                OnLayerFinal(layer);
            }
        }
    }

    private void OnLayerFinal(int layer)
    {
        _run.Final[layer] = true;
        if (_generation is { IsOver: false } generation && generation.SumStep == _run.Step)
        {
            generation.Contribute(layer);
        }
    }
}
