using System.Collections.Immutable;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Runs;

/// <content>A boundary's checkpoint that ended with its world is made up for at the first step of the next one, once.</content>
public sealed partial class RunSupervisor
{
    private long? _lost; // boundary whose attempt ended with its world
    private long _saveStep; // of the newest plan

    // The newest step that somebody has applied, if its state is saved: it may be copied at this moment. The last step is staged anew by every world that comes to it.
    private long StagingIn(ImmutableArray<WorldReport> reports)
    {
        long reached = reports.Where(r => r.Timeline == State.Timeline).SelectMany(r => r.Shards).Select(s => s.Step).DefaultIfEmpty(0).Max();
        return reached > 0 && reached < State.TotalSteps && (reached == _saveStep || IsBoundary(reached)) ? reached : 0;
    }

    // An attempt that makes up for another is not made up for.
    private void NoteEnded(ImmutableArray<long> steps)
    {
        foreach (long step in steps.Order())
        {
            _lost = IsBoundary(step) ? step : step == _saveStep ? null : _lost;
        }
    }

    // The step after the state that survivors go on from, as nobody has done it and all members will; named again where the world before did not come to it. A world that goes further back
    // comes to the boundary itself.
    private long SaveStepOf(GenerationPlan plan)
    {
        bool wasSaved = _saveStep > _lost && plan.StateStep >= _saveStep;
        if (plan.Source is not StateSource.Survivors || plan.StateStep < _lost || wasSaved)
        {
            _lost = null;
        }

        return _lost is null ? 0 : plan.StateStep + 1;
    }

    private bool IsBoundary(long step) => _settings.Checkpoints.IsBoundary(step, State.TotalSteps);
}
