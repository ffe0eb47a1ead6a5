using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <content>How work ends: the finish, failures, and leaving a world.</content>
public sealed partial class RankActor
{
    private void OnFinish(Finish finish)
    {
        if (_phase is RankPhase.Finishing)
        {
            return;
        }

        _phase = RankPhase.Finishing;
        RankWorld world = _world!;
        IWorldEngine engine = _engine.Engine!;
        IActorRef self = Self;
        _probe.Reached(Phases.Finish, engine.Step);
        _compute.Enqueue(world.Origin, () => engine.Step, () =>
        {
            FinishReport report = engine.Finish(world.Abort);
            self.Tell(
                new RankFinished(finish.Generation, engine.Step, report.WeightsSha256, report.HeldOutLoss, report.HeldOutTokens, report.ModelFolder), ActorRefs.NoSender);
        });
    }

    private void OnFinished(RankFinished finished)
    {
        _finished = finished;
        _supervisor.Tell(finished);
    }

    private void OnFailed(RankFailed failed)
    {
        if (failed.Kind is FaultKind.NonFinite or FaultKind.RunNotFinite or FaultKind.RunSpiked)
        {
            Refuse(failed);
            return;
        }

        Fail(Blamed(failed, failed.Cause));
    }

    private static RankFailed Blamed(RankFailed failed, Exception? cause) =>
        cause is GroupFailedException group ? failed with { Step = group.Step, Group = group.Group, ErrorType = group.ErrorType } : failed;

    // Every rank of the world refuses the step, and none is at fault: state, engine and what is being written stay until the next plan.
    private void Refuse(RankFailed failed)
    {
        if (_phase is RankPhase.Failed)
        {
            return;
        }

        _log.Warning("step {0} is refused: {1}", failed.Step, failed.Message);
        _phase = RankPhase.Failed;
        _failure = failed with { RankId = _settings.RankId };
        _supervisor.Tell(_failure);
    }

    private void Fail(RankFailed failed)
    {
        if (_phase is RankPhase.Failed)
        {
            return;
        }

        _log.Error(failed.Cause, "rank failed at step {0}: {1}", failed.Step, failed.Message);
        _failure = failed with { RankId = _settings.RankId };
        _supervisor.Tell(_failure); // before its peers lose it and say so: what failed counts, not that it is gone
        Leave(failed.Message);
        EngineSlot bad = _engine;
        _engine = new EngineSlot();
        bad.Close();
        _plans.Enqueue(0, () => 0, () => _compute.Enqueue(0, () => 0, bad.Dispose)); // after whatever still uses it
        _phase = RankPhase.Failed;
    }

    private void Leave(string reason)
    {
        RankWorld world = _world!;
        if (!world.Leave())
        {
            return;
        }

        _log.Debug("generation {0} is left: {1}", world.Generation, reason);
        if (world.Loader is { } loader)
        {
            Context.Unwatch(loader);
            Context.Stop(loader);
        }

        _phase = RankPhase.Idle;
        _compute.Enqueue(world.Origin, () => 0, world.Dispose); // after the aborted work has ended
    }
}
