using Olmo.Actors.Checkpoints;
using Olmo.Actors.Ranks;

namespace Olmo.Actors.Runs;

/// <content>How a world ends: failures, going back, stops, the finish.</content>
public sealed partial class RunSupervisor
{
    private void OnRankFailed(RankFailed failed)
    {
        if (_phase is RunPhase.RollingBack && _audit is not null)
        {
            WaitForNoneOf(failed);
            return; // its world is over, and a new one follows in any case
        }

        if (_phase is RunPhase.RollingBack && failed.Kind is FaultKind.RunNotFinite or FaultKind.RunSpiked)
        {
            return; // every rank of the world says so
        }

        Answered();
        _watch.Begin(failed.NoticedAt);
        if (State.Stopping)
        {
            StopReason why = failed.Kind is FaultKind.StorageFull ? StopReason.StorageFull : StopReason.Preempted;
            Store(RunDecisions.Stop(why, $"stopped on request; no checkpoint of the last steps: {failed.Message}", _newest?.Step ?? 0), () => { });
            return;
        }

        if (failed.Kind is FaultKind.RunNotFinite or FaultKind.RunSpiked)
        {
            _refused = failed;
            long atMost = failed.Step - (_settings.Policy.RollBack?.StepsFor(failed.Kind) ?? 0);
            Await(RunPhase.RollingBack, new FindCheckpoint(State.Lineage, Math.Max(0, atMost), AwaitsSettled: true), _checkpoints);
            return;
        }

        RunDecision decision = RunDecisions.RankFailed(
            State, _settings.Policy, failed.Generation, failed.Kind, failed.Message, failed.Step, _time.GetUtcNow(), failed.RankId,
            _settings.Guards.Quarantine ? failed.Group : -1, failed.ErrorType);
        bool rejects = _settings.Guards.FallBack && failed.Kind is FaultKind.UnreadableCheckpoint && failed.BadFile is not null && _newest is not null;
        if (rejects || decision.Events.IsEmpty || decision.Events[^1] is RunStopped)
        {
            Store(decision, () =>
            {
                _reason = decision.Reason;
                if (rejects)
                {
                    Reject(failed.Step, failed.BadFile!, failed.Message, NextGeneration);
                    return;
                }

                NextGeneration();
            });
            return;
        }

        _reason = decision.Reason;
        StartGeneration(decision.Events); // survivors wait: the fault and the number are one write
    }

    // Replay comes to the same refusal, so nothing is journalled before it is known how far the run goes back.
    private void OnRollBack(CheckpointFound found)
    {
        Answered();
        RankFailed refused = _refused!;
        RunDecision decision = RunDecisions.RollBack(State, _settings.Policy, refused.Kind, refused.Message, refused.Step, found.Newest?.Step ?? 0);
        Store(decision, () =>
        {
            _newest = found.Newest;
            _reason = decision.Reason;
            NextGeneration();
        });
    }

    private void OnRankStopped(RankStopped stopped)
    {
        if (stopped.IsComplete && stopped.Checkpoint.IsCommitted)
        {
            Await(RunPhase.Finishing, new Finish(State.Generation), _ranks, resend: false);
            return;
        }

        RunDecision decision = stopped.Checkpoint.IsCommitted
            ? RunDecisions.Stop(StopReason.Preempted, "stopped on request; the same command goes on", stopped.Step)
            : RunDecisions.Stop(StopReason.StorageFull, $"step {stopped.Step} could not be committed: {stopped.Checkpoint.Detail}", stopped.Step);
        Store(decision, () => { });
    }

    private void OnRankFinished(RankFinished finished)
    {
        Answered();
        Context.System.EventStream.Publish(finished);
        Store(RunDecisions.Stop(StopReason.Completed, finished.WeightsSha256, finished.Step), () => { });
    }

    private void OnRequestStop(RequestStop request)
    {
        if (State.Stopped is not null && _phase is RunPhase.Stopped)
        {
            return;
        }

        if (_phase is RunPhase.Training && _settings.Guards.StopCheckpoint)
        {
            Persist(new StopRequested(request.By, _time.GetUtcNow()), e =>
            {
                Publish(e);
                _ranks.Tell(new StopAtBoundary(State.Generation));
            });
            return;
        }

        _ranks.Tell(new Abort(State.Generation, $"stop requested by {request.By}"));
        Answered();
        Store(RunDecisions.Stop(StopReason.Preempted, "stopped on request; the same command goes on", _newest?.Step ?? 0), () => { });
    }
}
