using Olmo.Actors.Checkpoints;
using Olmo.Actors.Ranks;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Runs;

/// <content>The checkpoint from which a run, or a world without survivors, goes on.</content>
public sealed partial class RunSupervisor
{
    private void FindCheckpoint()
    {
        if (_phase is RunPhase.Recovering)
        {
            Context.System.EventStream.Publish(new JournalAvailable());
            Await(RunPhase.Opening, new FindCheckpoint(State.Lineage), _checkpoints);
            return;
        }

        Await(RunPhase.Finding, new FindCheckpoint(State.Lineage), _checkpoints);
    }

    private void OnCheckpointFound(CheckpointFound found)
    {
        _newest = found.Newest;
        bool beginsAnew = State.Timeline > 0 && State.TimelineFrom == 0;
        if (found.Newest is null && found.EverCommitted && !beginsAnew)
        {
            Store(RunDecisions.Stop(
                StopReason.NoReadableCheckpoint, "checkpoints were committed, but none of them can be read; the bad files were set aside", 0), () => { });
            return;
        }

        if (_phase is RunPhase.Finding)
        {
            ReadManifest();
            return;
        }

        if (State.Stopped is { Reason: StopReason.Completed } completed && SettingsChange.Between(State.NumericSettings, _settings.Recipe.NumericSettings).Count == 0)
        {
            _phase = RunPhase.Stopped;
            Context.System.EventStream.Publish(new RunEventStored(completed));
            return;
        }

        RunDecision open = RunDecisions.Open(State, _settings.Recipe, _settings.AcceptNewTimeline, _newest?.Step ?? 0);
        Store(open, () => Await(RunPhase.Adopting, new AdoptWorld(_checkpoints), _ranks));
    }

    private void ReadManifest()
    {
        Answered();
        long generation = State.Generation;
        _phase = RunPhase.Reading;
        if (_newest is not { } newest || !_settings.Guards.CheckpointResume)
        {
            Form(WorldFormation.FromState(generation, State.Timeline, _settings.World, State.Members, _there, null, RunDecisions.Suspicions(State)));
            return;
        }

        Task.Run(() => ManifestFile.Read(_store, newest)).PipeTo(
            Self,
            success: manifest => new ManifestRead(generation, manifest),
            failure: e => new ManifestUnreadable(generation, e.Message));
    }

    private void OnManifestRead(ManifestRead read) =>
        Form(WorldFormation.FromState(read.Generation, State.Timeline, _settings.World, State.Members, _there, read.Manifest, RunDecisions.Suspicions(State)));

    private void OnManifestUnreadable(ManifestUnreadable unreadable) => Reject(_newest!.Step, _newest.Manifest, unreadable.Reason, FindCheckpoint);

    private void Reject(long step, string file, string reason, Action then)
    {
        _afterRejection = then;
        _reason = $"the checkpoint of step {step} cannot be read: {reason}";
        _log.Error(_reason);
        CheckpointCommitted bad = _newest!;
        Await(RunPhase.Rejecting, new RejectCheckpoint(bad.Timeline, bad.Step, file, reason), _checkpoints);
    }
}
