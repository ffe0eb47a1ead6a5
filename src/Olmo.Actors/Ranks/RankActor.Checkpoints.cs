using Olmo.Actors.Checkpoints;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Ranks;

/// <content>Checkpoints: reports that are sent until they are settled.</content>
public sealed partial class RankActor
{
    private void OnShardsStored(ShardsStored stored)
    {
        stored = stored with { RankId = _settings.RankId };
        _unsettled[stored.Step] = stored;
        _checkpoints.Tell(stored);
    }

    private void OnShardsFailed(ShardsFailed failed)
    {
        OnCheckpointFailed(new CheckpointFailed(failed.Timeline, failed.Step, failed.Generation, failed.Cause.Message));
        bool mustExist = IsCurrent(failed.Generation) && (_ended?.Step == failed.Step || failed.Step == _world!.TotalSteps);
        if (mustExist)
        {
            Fail(new RankFailed(failed.Generation, FaultKind.StorageFull, failed.Cause.Message, failed.Step, null, failed.Cause));
        }
    }

    private void OnCheckpointFailed(CheckpointFailed failed)
    {
        _unsettled[failed.Step] = failed;
        _checkpoints.Tell(failed);
    }

    private void OnSettled(CheckpointSettled settled)
    {
        if (_unsettled.Remove(settled.Step) && !settled.IsCommitted)
        {
            _log.Warning("step {0} was not committed: {1}", settled.Step, settled.Detail);
        }

        _world?.Settled(settled);
        ReportStopIfSettled();
    }

    private void ReportStopIfSettled()
    {
        if (_ended is { } ended && _world is { } world && world.LastSettled is { } settled && settled.Step == ended.Step)
        {
            _phase = RankPhase.Stopped;
            _supervisor.Tell(new RankStopped(world.Generation, ended.Step, ended.IsComplete, settled, _settings.RankId));
        }
    }

    private void SendUnsettled()
    {
        foreach (object report in _unsettled.Values)
        {
            _checkpoints.Tell(report);
        }
    }
}
