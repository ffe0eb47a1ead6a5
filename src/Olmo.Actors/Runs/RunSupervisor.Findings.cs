using Olmo.Actors.Checkpoints;
using Olmo.Actors.Ranks;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Runs;

/// <content>What ranks found out about each other's numbers.</content>
public sealed partial class RunSupervisor
{
    private void OnSumsVoid(SumsVoid found) => Persist(
        new SumsVoided(found.Generation, found.Step, found.Attempt, found.Shard, found.Suspects, _time.GetUtcNow()), Publish);

    private void OnDiedStaging(DiedStaging died) => Persist(
        new StagingLimited(died.RankId, died.Step, _time.GetUtcNow()),
        e =>
        {
            Publish(e);
            _ranks.Tell(new LimitStaging(State.Generation));
        });

    private void OnSlow(SlowRankFound found)
    {
        bool isReplaced = found.IsReplaced && !State.Stopping; // a new generation would forget that somebody asked for the end
        Persist(new RankSlow(found.Generation, found.RankId, found.Step, found.Score, isReplaced, _time.GetUtcNow()), e =>
        {
            Publish(e);
            if (isReplaced)
            {
                _reason = $"rank {found.RankId} is slow: a spare takes its place";
                _ranks.Tell(new ExcludeRank(found.RankId, _reason, BarsPlace: false));
                NextGeneration();
            }
        });
    }

    // A conviction is told by every rank but the convicted, and again until there is a new world: whoever succeeds this supervisor hears of it too.
    private void OnAudit(AuditEnded ended)
    {
        if (ended.Outcome is AuditOutcome.Agreed)
        {
            Persist(new AuditPassed(ended.Generation, ended.Step, ended.Group, ended.Subject, ended.Auditor), Publish);
            return;
        }

        if (_phase is not (RunPhase.Training or RunPhase.Forming))
        {
            return;
        }

        _audit = ended;
        Answered();
        if (ended.Outcome is AuditOutcome.Undecided)
        {
            _ranks.Tell(new Abort(State.Generation, "an audit is undecided"));
            Store(RunDecisions.Convict(State, _settings.Policy, ended, 0, _time.GetUtcNow()), () => { });
            return;
        }

        long clean = State.CleanStepOf(ended.Convicted);
        _checkpoints.Tell(new SuspectCheckpoints(State.Lineage, clean, $"rank {ended.Convicted} was convicted of wrong arithmetic in step {ended.Step}"));
        Await(RunPhase.RollingBack, new FindCheckpoint(State.Lineage, clean, AwaitsSettled: true), _checkpoints);
    }

    private void OnBackTo(CheckpointFound found)
    {
        Answered();
        AuditEnded audit = _audit!;
        CheckpointCommitted? from = found.Newest is { } newest && newest.Step <= State.CleanStepOf(audit.Convicted) ? found.Newest : null;
        RunDecision decision = RunDecisions.Convict(State, _settings.Policy, audit, from?.Step ?? 0, _time.GetUtcNow());
        if (State.Stopping && decision.Events[^1] is not RunStopped)
        {
            decision = RunDecisions.Stop(StopReason.Preempted, $"stopped on request; {decision.Reason}", from?.Step ?? 0, [.. decision.Events]);
        }

        Store(decision, () =>
        {
            _audit = null;
            _newest = from;
            _reason = decision.Reason;
            _ranks.Tell(new ExcludeRank(audit.Convicted, decision.Reason, BarsPlace: true));
            NextGeneration();
        });
    }

    // A conviction waits for the checkpoints under way; whoever died writes no more of them.
    private void WaitForNoneOf(RankFailed failed)
    {
        if (failed.Kind is FaultKind.ProcessLost && _awaited is FindCheckpoint { AwaitsSettled: true } find)
        {
            Await(RunPhase.RollingBack, find with { AwaitsSettled = false }, _checkpoints);
        }
    }

    private void OnSettled(CheckpointSettled settled)
    {
        if (_phase is RunPhase.RollingBack)
        {
            SendAwaited();
            return;
        }

        KeepWhatAnAuditMayNeed(); // the coordinator may be a new one
    }

    // Retention must not let the checkpoint go that a conviction would need.
    private void KeepWhatAnAuditMayNeed()
    {
        if (_settings.Policy.AuditInterval > 0)
        {
            _checkpoints.Tell(new KeepUpTo(State.CleanStep));
        }
    }
}
