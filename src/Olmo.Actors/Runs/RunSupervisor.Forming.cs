using System.Collections.Immutable;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Ranks;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Runs;

/// <content>A generation: its number, what ranks report for it, and the world that is formed of that.</content>
public sealed partial class RunSupervisor
{
    // Rule 12: the number is journalled first; then the ranks report for it, which is a promise.
    private void NextGeneration() => StartGeneration([]);

    private void StartGeneration(ImmutableList<RunEvent> before)
    {
        Answered();
        _watch.Begin(null);
        RunDecision start = RunDecisions.StartGeneration(before.Aggregate(State, RunState.Apply), _settings.Run.Token, _newest?.Step ?? 0, _reason);
        Store(
            start with { Events = before.AddRange(start.Events) },
            () =>
            {
                _watch.Numbered();
                Await(RunPhase.Gathering, new GatherRanks(State.Generation), _ranks);
            });
    }

    private void OnGathered(RanksGathered gathered)
    {
        _watch.Gathered(gathered.Reports);
        _there = [.. gathered.Reports.Select(r => r.RankId)];
        _gathered = gathered;
        _checkpoints.Tell(new EndUnfinished(State.Generation, State.Timeline, _there, StagingIn(gathered.Reports))); // unanswered, ranks are asked again
    }

    private void OnUnfinishedEnded(UnfinishedEnded ended)
    {
        NoteEnded(ended.Steps);
        IEnumerable<WorldReport> reports = _settings.Guards.Survivors
            ? _gathered!.Reports.Select(Carried)
            : _gathered!.Reports.Select(r => WorldReport.Spare(r.RankId, r.Generation));
        Form(WorldFormation.Plan(State.Generation, State.Timeline, _settings.World, State.Members, [.. reports], _settings.Guards.Rules, RunDecisions.Suspicions(State)));
    }

    // A quarantine opens a timeline that goes on from what the ranks hold; sums with the quarantined group are dropped (rule 17).
    private WorldReport Carried(WorldReport report)
    {
        if (State.CarriedTimeline is not { } carried || report.Timeline != carried || report.FormerGeneration == 0)
        {
            return report;
        }

        long step = State.TimelineFrom + 1;
        long batch = State.Data.BatchOf(step);
        GroupMask dropped = State.Data.Quarantined.Where(q => q.Batch == batch).Aggregate(default(GroupMask), (mask, q) => mask | GroupMask.Of(q.Group));
        return report.CarriedTo(State.Timeline, step, dropped);
    }

    private void Form(FormationResult result)
    {
        switch (result)
        {
            case FormationResult.Formed formed:
                Answered();
                _phase = RunPhase.Forming;
                _saveStep = SaveStepOf(formed.Plan);
                GenerationPlan plan = formed.Plan with { Data = State.Data, SaveStep = _saveStep, StagesInTurn = State.StagesInTurn };
                Store(RunDecisions.FormWorld(plan, _reason), () =>
                {
                    _watch.Planned(plan);
                    Await(RunPhase.Forming, new FormPlan(plan, _checkpoints), _ranks, resend: false);
                });
                break;
            case FormationResult.CheckpointNeeded needed:
                _log.Info("generation {0} starts from the newest checkpoint: {1}", State.Generation, needed.Reason);
                FindCheckpoint();
                break;
            case FormationResult.TooFewRanks few:
                Context.System.EventStream.Publish(new WaitingForRanks(State.Generation, few.Ranks, few.MinRanks));
                break; // asked again until there are enough
        }
    }

    private void OnSpare(RanksSpare spare)
    {
        if (State.Members.Length < _settings.World.WantedRanks && !State.Stopping && _settings.Guards.Growth)
        {
            _reason = $"the world grows: rank {string.Join(',', spare.Spares)} is ready";
            NextGeneration();
        }
    }
}
