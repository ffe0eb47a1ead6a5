using Olmo.Actors.Worlds;

namespace Olmo.TestKit.Simulation;

/// <content>Taking a plan, and copying state.</content>
internal sealed partial class SimulatedRank
{
    private void OnPlan(GenerationPlan plan)
    {
        if (!RankRules.MayTakePlan(_standing, plan.Generation, _rules))
        {
            return;
        }

        int position = plan.PositionOf(Id);
        _history.CheckOneWorld(Id, plan);
        _standing = new RankStanding(plan.Generation, plan.Generation);
        IsApplying = false;
        HasFailed = false;
        Plan = plan;
        _world = plan.World();
        _replica = _world.ReplicaOf(position);
        SendBasePieces();
        for (int shard = 0; shard < _shards.Length; shard++)
        {
            TakeShard(shard);
        }

        _nextStep = plan.StateStep + 1;
        _applied = plan.Source != StateSource.Survivors ? null : _applied is { } mine && mine.Step == plan.StateStep ? mine : plan.RollForward;
        ResetAnnouncements();
        TakeParameters();
        TakeDeal(plan.Deals[position]);
        for (int shard = 0; shard < _shards.Length; shard++)
        {
            if (_shards[shard] is { IsOwned: true, IsVerified: true } held)
            {
                CheckReady(shard, held);
                PushParameters(shard, held);
                TryAnnounce(shard, held);
            }
        }

        SendAtoms(-1);
        Continue();
        Redispatch();
        _history.Note(Interest.PlanTaken);
        _history.NoteProgress(this);
    }

    private void SendBasePieces()
    {
        for (int range = 0; range < Plan!.Recipe.Ranges; range++)
        {
            SimulatedShard? held = _shards[range / SimulationShape.RangesPerShard];
            if (held is null || held.Step != Plan.StateStep || Plan.Source != StateSource.Survivors)
            {
                continue;
            }

            foreach (BasePiece piece in Plan.RangeAt(range).Base)
            {
                if (piece.Holder != Id)
                {
                    continue;
                }

                int layer = range % SimulationShape.RangesPerShard;
                SimulatedSum sum = piece.Kind == PieceKind.Own ? held.Own[layer] : held.Foreign[layer];
                if (!held.IsVerified)
                {
                    throw new ViolationException($"(d) rank {Id} donates sums of shard {range / SimulationShape.RangesPerShard} without verified state");
                }

                foreach (int receiver in piece.Receivers)
                {
                    SendFrame(receiver, SumRoute.Base, Plan.StateStep + 1, range, sum);
                }
            }
        }
    }

    private void TakeShard(int shard)
    {
        GenerationPlan plan = Plan!;
        SimulatedShard? held = _shards[shard];
        bool owns = OwnerOf(_replica, shard) == Id;
        long step = held is { IsVerified: true } || (held is not null && !_rules.ReportVerifiedOnly) ? held.Step : -1;
        switch (RankRules.TaskOf(plan, Id, shard, owns, step, step >= 0 && held!.IsWhole(_all), _rules))
        {
            case ShardTask.Drop:
                _shards[shard] = null;
                break;
            case ShardTask.Keep:
                Keep(shard, held!, owns);
                break;
            case ShardTask.RollForward:
                _history.CheckSum(Id, shard, held!, held!.SumStep, "rolls forward");
                held.Digest = QuietRun.Next(held.Digest, held.SumDigest);
                held.Step++;
                held.ClearSums();
                held.IsOwned = owns;
                _history.NoteApplied(Id, shard, held, held.ReadyGeneration);
                break;
            case ShardTask.Fetch:
                if (held is { IsVerified: true } && plan.StateStep > _history.MostOnFullSet)
                {
                    // State is given up for a step that nobody has announced.
                    _droppedEarly[shard] = plan.Generation;
                }

                _shards[shard] = new SimulatedShard(plan.StateStep, 0, isVerified: false, isOwned: true);
                _history.Send(
                    SimulationEventKind.FetchRequest, Id, plan.MoveOf(shard, Id)?.Donors[0] ?? throw new ViolationException($"(e) rank {Id} lacks shard {shard} and the plan names no donor"),
                    new SimulationEvent { Generation = plan.Generation, Place = shard });
                break;
            case ShardTask.Load:
                _shards[shard] = new SimulatedShard(plan.StateStep, 0, isVerified: false, isOwned: true);
                _history.After(_history.Random.Between(5, 30), SimulationEventKind.LoadDone, Id, new SimulationEvent { Generation = plan.Generation, Place = shard });
                break;
        }
    }

    private void Keep(int shard, SimulatedShard held, bool owns)
    {
        held.IsOwned = owns;
        held.BeginSums();
        held.ToServe = 0;
        foreach (ShardMove move in Plan!.Moves)
        {
            held.ToServe += move.Shard == shard && move.Donors[0] == Id ? 1 : 0;
        }

        if (!owns)
        {
            if (held.ToServe == 0)
            {
                DropMoved(shard, sawFullSet: false);
            }

            return;
        }

        for (int layer = 0; layer < SimulationShape.RangesPerShard; layer++)
        {
            KeptPieces kept = RankRules.KeptOf(Plan.RangeOf(layer, shard), held.PiecesOf(layer), _rules);
            held.Foreign[layer] = (kept.Own ? held.Own[layer] : default) + (kept.Foreign ? held.Foreign[layer] : default);
            held.Own[layer] = default;
        }
    }

    private void DropMoved(int shard, bool sawFullSet)
    {
        if (_shards[shard] is not { IsOwned: false } || !RankRules.MayDropMoved(sawFullSet, _rules))
        {
            return;
        }

        _shards[shard] = null;
        if (!sawFullSet)
        {
            _droppedEarly[shard] = _standing.Generation;
        }
    }

    private void OnFetchRequest(in SimulationEvent item)
    {
        if (item.Generation > _standing.Generation)
        {
            _early.Add(item);
            return;
        }

        if (item.Generation < _standing.Generation || !MayAct || _shards[item.Place] is not { } held)
        {
            return;
        }

        if (!held.IsVerified || held.Digest != _history.Quiet.State(held.Step, item.Place))
        {
            throw new ViolationException($"(d) rank {Id} donates shard {item.Place} at step {held.Step} without verified state");
        }

        for (int chunk = 0; chunk < WorldHistory.ChunksOfShard; chunk++)
        {
            _history.Send(
                SimulationEventKind.StateChunk, Id, item.From,
                new SimulationEvent { Generation = item.Generation, Step = held.Step, Place = item.Place, Number = chunk, Value = held.Digest });
        }

        held.ToServe--;
        if (held.ToServe <= 0)
        {
            DropMoved(item.Place, sawFullSet: false);
        }
    }

    private void OnStateChunk(in SimulationEvent item)
    {
        if (item.Generation != _standing.Generation || !MayAct || _shards[item.Place] is not { IsOwned: true, IsVerified: false } held)
        {
            return;
        }

        if (item.Step != held.Step)
        {
            throw new ViolationException($"(d) rank {Id} copies shard {item.Place} of step {held.Step} and is sent step {item.Step}");
        }

        if (item.Number == WorldHistory.ChunksOfShard - 1)
        {
            held.Digest = item.Value;
            Verify(item.Place, held);
        }
    }

    private void OnLoaded(in SimulationEvent item)
    {
        if (item.Generation == _standing.Generation && MayAct && _shards[item.Place] is { IsOwned: true, IsVerified: false } held)
        {
            held.Digest = _history.Quiet.State(held.Step, item.Place);
            Verify(item.Place, held);
        }
    }

    private void Verify(int shard, SimulatedShard held)
    {
        held.IsVerified = true;
        CheckReady(shard, held);
        PushParameters(shard, held);
        TryAnnounce(shard, held);
    }

    private void CheckReady(int shard, SimulatedShard held)
    {
        if (!held.IsOwned || !held.IsVerified || held.ReadyGeneration == _standing.Generation)
        {
            return;
        }

        if (held.Step == Plan!.StateStep)
        {
            for (int layer = 0; layer < SimulationShape.RangesPerShard; layer++)
            {
                if (!Plan.RangeOf(layer, shard).BaseGroups.IsSubsetOf(held.Foreign[layer].Groups))
                {
                    return;
                }
            }
        }

        held.ReadyGeneration = _standing.Generation;
    }
}
