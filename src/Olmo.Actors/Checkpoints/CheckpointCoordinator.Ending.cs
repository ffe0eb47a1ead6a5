using System.Collections.Immutable;

namespace Olmo.Actors.Checkpoints;

/// <content>Checkpoints that end without a manifest.</content>
public sealed partial class CheckpointCoordinator
{
    private void OnCheckpointFailed(CheckpointFailed failed)
    {
        (int Timeline, long Step) key = (failed.Timeline, failed.Step);
        if (_committing.Contains(key) || State.Committed.Exists(c => c.Timeline == failed.Timeline && c.Step == failed.Step))
        {
            Sender.Tell(new CheckpointSettled(failed.Timeline, failed.Step, true, "committed by others"));
            return;
        }

        if (!IsTooLate(key, failed.Generation, Sender))
        {
            ReportersOf(key).Add(Sender);
            Abandon(key, failed.Generation + 1, failed.Reason);
        }
    }

    private void OnEndUnfinished(EndUnfinished end)
    {
        (int Timeline, long Step) staging = (end.Timeline, end.Staging);
        bool isStaging = end.Staging > 0 && !State.Committed.Exists(c => (c.Timeline, c.Step) == staging) && !State.AbandonedAt.Exists(a => (a.Timeline, a.Step) == staging);
        (int Timeline, long Step)[] unfinished = !_settings.Guards.EndUnfinished ? [] :
        [
            .. State.Begun.Where(b => b.Generation < end.Generation).Select(b => (b.Timeline, b.Step)).Union(_pending.Keys).Union(isStaging ? [staging] : [])
                .Where(key => !_committing.Contains(key) && (key.Timeline != end.Timeline || !LivingWriteTheRest(key, end.Living))),
        ];
        Sender.Tell(new UnfinishedEnded(end.Generation, [.. unfinished.Select(key => key.Step)]));
        foreach ((int Timeline, long Step) key in unfinished)
        {
            if (State.IsBegun(key.Timeline, key.Step))
            {
                _cutShort[key] = end.Generation; // whoever died may have held a copy
            }

            Abandon(key, end.Generation, "the world changed before all its shards were written");
        }
    }

    // What a coordinator of before was told of writers is not known here: then the attempt ends.
    private bool LivingWriteTheRest((int Timeline, long Step) key, ImmutableArray<int> living)
    {
        if (!_writers.TryGetValue(key, out SortedDictionary<int, ImmutableArray<int>>? writers))
        {
            return false;
        }

        bool[] there = new bool[_settings.Shards];
        foreach (int shard in _pending.GetValueOrDefault(key)?.Shards.Keys ?? [])
        {
            there[shard] = true;
        }

        foreach ((int rank, ImmutableArray<int> shards) in writers)
        {
            foreach (int shard in living.Contains(rank) ? shards : [])
            {
                there[shard] = true;
            }
        }

        return !there.Contains(false);
    }

    // Its death may be heard of before or after that the attempt is over. Whoever died with its part unwritten held a copy of the state beside the state.
    private void OnMemberDied(MemberDied died)
    {
        foreach ((int Timeline, long Step) key in State.Begun.Select(b => (b.Timeline, b.Step)).Concat(_cutShort.Where(c => died.Generation < c.Value).Select(c => c.Key)))
        {
            if (_writers.TryGetValue(key, out SortedDictionary<int, ImmutableArray<int>>? writers) && !writers.ContainsKey(died.RankId))
            {
                continue; // it held no copy
            }

            if (!_stored.TryGetValue(key, out HashSet<int>? stored) || !stored.Contains(died.RankId))
            {
                Context.Parent.Tell(new DiedStaging(died.RankId, key.Step));
                return;
            }
        }
    }

    private void Abandon((int Timeline, long Step) key, long generation, string reason) => Persist(new CheckpointAbandoned(key.Timeline, key.Step, reason, generation), e =>
    {
        Update(e);
        _log.Error("no checkpoint of step {0}: {1}", key.Step, reason);
        Settle(key, false, reason);
        Context.System.EventStream.Publish(e);
    });
}
