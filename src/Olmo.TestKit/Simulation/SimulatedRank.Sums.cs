using Olmo.Actors.Worlds;
using Olmo.Model.Steps;

namespace Olmo.TestKit.Simulation;

/// <content>Sums, exchange, announcements and the update.</content>
internal sealed partial class SimulatedRank
{
    private Said[] _said = [];

    private readonly record struct Said(bool Is, ulong Sum, ulong State);

    private void SendFrame(int owner, SumRoute route, long step, int range, in SimulatedSum sum)
    {
        SimulationEvent frame = new()
        {
            Generation = _standing.Generation,
            Step = step,
            Place = range,
            Route = route,
            Groups = sum.Groups,
            Value = sum.Value,
            Count = sum.Added,
        };
        if (owner == Id)
        {
            frame.Kind = SimulationEventKind.Frame;
            OnFrame(frame);
        }
        else
        {
            _history.Send(SimulationEventKind.Frame, Id, owner, frame);
        }
    }

    private void OnFrame(in SimulationEvent item)
    {
        int shard = item.Place / SimulationShape.RangesPerShard;
        int layer = item.Place % SimulationShape.RangesPerShard;
        if (item.Generation > _standing.Generation)
        {
            _early.Add(item);
            return;
        }

        if (_shards[shard] is not { IsOwned: true } held)
        {
            return;
        }

        SumPieces pieces = held.PiecesOf(layer);
        switch (RankRules.JudgeFrame(new FrameTag(item.Generation, item.Step, item.Groups), _standing, held.SumStep, pieces, _rules))
        {
            case FrameVerdict.Wait:
                _early.Add(item);
                return;
            case FrameVerdict.Overlap:
                throw new ViolationException(
                    $"(c) rank {Id} must refuse groups {item.Groups} of step {item.Step} for range {item.Place}: it holds {pieces.Own} and {pieces.Foreign}");
            case FrameVerdict.Add:
                break;
            default:
                return;
        }

        SimulatedSum sum = new(item.Groups, item.Value, item.Count);
        if (item.Route == SumRoute.Contribution)
        {
            held.Own[layer] += sum;
            TryExchange(item.Place, held, layer);
        }
        else
        {
            held.Foreign[layer] += sum;
        }

        CheckReady(shard, held);
        TryAnnounce(shard, held);
    }

    private void TryExchange(int range, SimulatedShard held, int layer)
    {
        if (!MayAct || held.IsExchanged[layer]
            || !RankRules.MayExchange(WorldDuties.ExpectedOwn(Plan!, _world, held.SumStep, range, _replica), held.PiecesOf(layer)))
        {
            return;
        }

        held.IsExchanged[layer] = true;
        SimulatedSum sum = _rules.OwnOnly ? held.Own[layer] : held.Own[layer] + held.Foreign[layer];
        for (int replica = 0; replica < _world.Replicas; replica++)
        {
            if (replica != _replica)
            {
                SendFrame(OwnerOf(replica, range / SimulationShape.RangesPerShard), SumRoute.Exchange, held.SumStep, range, sum);
            }
        }
    }

    private void TryAnnounce(int shard, SimulatedShard held)
    {
        if (held.IsAnnounced || held.SumStep > _shape.Steps || !RankRules.MayAnnounce(_standing, held.SumStep, held.Step, held.IsVerified, held.IsWhole(_all), _rules))
        {
            return;
        }

        held.IsAnnounced = true;
        SimulationEvent said = new()
        {
            Kind = SimulationEventKind.Announcement,
            Generation = _standing.Generation,
            Step = held.SumStep,
            Place = shard,
            Number = _replica,
            Value = held.SumDigest,
            Value2 = held.Digest,
        };
        foreach (int member in Plan!.Members)
        {
            if (member != Id)
            {
                _history.Send(SimulationEventKind.Announcement, Id, member, said);
            }
        }

        OnAnnouncement(said);
    }

    private void ResetAnnouncements()
    {
        int slots = _world.Replicas * _shape.Shards;
        if (_rules.OneGeneration || _said.Length != slots)
        {
            _said = new Said[slots];
        }
    }

    private void OnAnnouncement(in SimulationEvent item)
    {
        switch (RankRules.JudgeAnnouncement(item.Generation, item.Step, _standing, _nextStep, _rules))
        {
            case AnnouncementVerdict.Wait:
                _early.Add(item);
                break;
            case AnnouncementVerdict.Count:
                int slot = (item.Number * _shape.Shards) + item.Place;
                if (slot < _said.Length)
                {
                    _said[slot] = new Said(true, item.Value, item.Value2);
                    CheckFullSet();
                }

                break;
        }
    }

    private void CheckFullSet()
    {
        if (IsApplying || HasFailed || !MayAct)
        {
            return;
        }

        bool equal = true;
        for (int shard = 0; shard < _shape.Shards; shard++)
        {
            Said first = default;
            int count = 0;
            for (int replica = 0; replica < _world.Replicas; replica++)
            {
                Said said = _said[(replica * _shape.Shards) + shard];
                equal &= !said.Is || count == 0 || said == first;
                first = said.Is && count == 0 ? said : first;
                count += said.Is ? 1 : 0;
            }

            if (count < (_rules.FullSet ? _world.Replicas : 1))
            {
                return;
            }
        }

        if (!equal && _rules.EqualDigests)
        {
            // Rule 8: nothing is applied; the coordinator hears of it.
            Fail();
            return;
        }

        for (int shard = 0; shard < _shape.Shards; shard++)
        {
            DropMoved(shard, sawFullSet: true);
        }

        IsApplying = true;
        _history.Note(Interest.FullSet);
        _history.After(_history.Random.Between(2, 15), SimulationEventKind.ApplyDone, Id, new SimulationEvent { Generation = _standing.Generation, Step = _nextStep });
    }

    private void OnApplied(long generation)
    {
        if (!IsApplying || generation != _standing.Generation)
        {
            return;
        }

        IsApplying = false;
        ulong digest = 0;
        for (int shard = 0; shard < _shape.Shards; shard++)
        {
            Said said = _said[shard];
            digest += SimulationRandom.Mix(said.Sum ^ SimulationRandom.Mix(said.State + (ulong)shard));
        }

        _applied = new AppliedStep(_nextStep, generation, new StepDecision(StepOutcome.Apply, 1.0, 1.0, default, -1), _rules.FullSet && _rules.OneGeneration ? digest : 0);
        long step = _nextStep;
        _nextStep++;
        _history.MostOnFullSet = Math.Max(_history.MostOnFullSet, step);
        Array.Clear(_said);
        for (int shard = 0; shard < _shape.Shards; shard++)
        {
            if (_shards[shard] is { IsOwned: true } held)
            {
                _history.CheckSum(Id, shard, held, step, "applies");
                held.Digest = QuietRun.Next(held.Digest, held.SumDigest);
                held.Step = step;
                held.ClearSums();
                held.ReadyGeneration = _standing.Generation;
                _history.NoteApplied(Id, shard, held, _standing.Generation);
            }
        }

        for (int shard = 0; shard < _shape.Shards; shard++)
        {
            if (_shards[shard] is { IsOwned: true } held)
            {
                PushParameters(shard, held);
            }
        }

        if (_deferredPrepare is { } prepare)
        {
            _deferredPrepare = null;
            OnPrepare(prepare);
        }

        Redispatch();
        _history.NoteProgress(this);
    }
}
