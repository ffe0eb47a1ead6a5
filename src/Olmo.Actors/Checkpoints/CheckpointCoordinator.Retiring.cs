namespace Olmo.Actors.Checkpoints;

/// <content>Checkpoints that count no more, and their bytes.</content>
public sealed partial class CheckpointCoordinator
{
    private void OnReject(RejectCheckpoint reject)
    {
        if (_store.LengthOf(reject.File) is not null)
        {
            string aside = _store.SetAside(reject.File);
            _log.Error("'{0}' was set aside as '{1}'", reject.File, aside);
        }

        IActorRef asker = Sender;
        Persist(new CheckpointRejected(reject.Timeline, reject.Step, reject.File, reject.Reason), e =>
        {
            Update(e);
            Context.System.EventStream.Publish(e);
            asker.Tell(new CheckpointIsRejected(e.Timeline, e.Step));
        });
    }

    private void OnSuspect(SuspectCheckpoints suspect)
    {
        CheckpointSuspected[] marked =
        [
            .. State.Committed.Where(c => suspect.Lineage.Counts(c.Timeline, c.Step) && c.Step > suspect.After && !State.IsSuspect(c))
                .Select(c => new CheckpointSuspected(c.Timeline, c.Step, suspect.Reason)),
        ];
        if (marked.Length > 0)
        {
            PersistAll(marked, e =>
            {
                Update(e);
                Context.System.EventStream.Publish(e);
            });
        }
    }

    private void Retire()
    {
        CheckpointRetired[] expired = _settings.AwaitsNeeded && _needed is null ? [] : [.. State.Expired(_settings.Policy.Keep, _needed).Select(c => new CheckpointRetired(c.Timeline, c.Step))];
        if (expired.Length == 0)
        {
            CollectGarbage();
            return;
        }

        PersistAll(expired, e =>
        {
            Update(e);
            if (ReferenceEquals(e, expired[^1]))
            {
                CollectGarbage();
            }
        });
    }

    private void CollectGarbage()
    {
        if (!State.Begun.IsEmpty)
        {
            return; // names of a begun checkpoint are not known yet, so nothing is deleted while one is under way
        }

        _collecting = true;
        GarbageCollection work = new(_store, State.NamesInUse(), _time.GetUtcNow() - _settings.Policy.GarbageGrace);
        Task.Run(work.Run).PipeTo(Self, success: names => new GarbageCollected(names, null), failure: e => new GarbageCollected(0, e.Message));
    }

    private void OnGarbageCollected(GarbageCollected collected)
    {
        _collecting = false;
        Stash.UnstashAll();
        if (collected.Failure is { } failure)
        {
            _log.Warning("collection of garbage failed and is tried again after the next commit: {0}", failure);
        }
    }
}
