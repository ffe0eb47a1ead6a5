namespace Olmo.TestKit.Simulation;

/// <content>Faults.</content>
internal sealed partial class WorldHistory
{
    private const int SuspectMark = -2;
    private const int MaxRanks = 18;
    private readonly bool[] _isExcluded = new bool[MaxEndpoints];
    private readonly long[] _leftOutAt = new long[MaxEndpoints];
    private FaultCounts _counts;
    private Interest _interest;
    private int _kills;
    private int _freezes;
    private int _coordinatorFaults;
    private int _growths;
    private int _flips;

    /// <summary>Something happened that a fault may well follow.</summary>
    public void Note(Interest interest) => _interest = interest;

    private void PlanFaults()
    {
        if (Shape.Replicas > 1 && Random.OneIn(40))
        {
            // A flipped bit of a state is found by its twin; with a death beside it nothing could tell which of two is right.
            _flips = 1;
            return;
        }

        _kills = Random.Between(0, Shape.Kills);
        _freezes = Random.OneIn(3) ? Random.Between(0, Shape.Freezes) : 0;
        _coordinatorFaults = Random.OneIn(2) ? Random.Between(0, Shape.CoordinatorFaults) : 0;
        _growths = Random.OneIn(3) ? Random.Between(0, Shape.Growths) : 0;
    }

    private void MaybeFault()
    {
        int left = _kills + _freezes + _coordinatorFaults + _growths + _flips;
        if (left == 0)
        {
            return;
        }

        int chance = _interest == Interest.None ? 60 : 6;
        _interest = Interest.None;
        if (!Random.OneIn(chance))
        {
            return;
        }

        int kind = Random.Below(left);
        if (kind < _kills)
        {
            _kills--;
            Kill();
        }
        else if ((kind -= _kills) < _freezes)
        {
            _freezes--;
            Freeze();
        }
        else if ((kind -= _freezes) < _coordinatorFaults)
        {
            _coordinatorFaults--;
            FailCoordinator();
        }
        else if (kind - _coordinatorFaults < _growths)
        {
            _growths--;
            Grow();
        }
        else
        {
            _flips--;
            Flip();
        }

        _eventsAtLastFault = _events;
    }

    private SimulatedRank? Victim(Func<SimulatedRank, bool> fits)
    {
        List<SimulatedRank> victims = _ranks.FindAll(r => r.IsAlive && (r.Plan is not null || Random.OneIn(8)) && fits(r));
        return victims.Count == 0 ? null : victims[Random.Below(victims.Count)];
    }

    private void Kill()
    {
        if (Victim(_ => true) is not { } rank)
        {
            return;
        }

        Trace($"KILL rank {rank.Id}");
        _counts = _counts with { Kills = _counts.Kills + 1 };
        rank.IsAlive = false;
        for (int to = 0; to < MaxEndpoints; to++)
        {
            _cutOfLink[(rank.Id * MaxEndpoints) + to] = _now + Random.Below(20);
        }

        SendToCoordinator(SimulationEventKind.ProcessEnded, -1, new SimulationEvent { Number = rank.Id });
        bool mustRespawn = !_ranks.Exists(r => r.IsAlive);
        if (_ranks.Count < MaxRanks && (mustRespawn || Random.OneIn(2)))
        {
            _queue.Add(_now + Random.Between(20, 150), new SimulationEvent { Kind = SimulationEventKind.ProcessStarted, From = -1, To = -1, Number = -1 });
        }
    }

    private void Freeze()
    {
        if (Victim(r => !r.IsFrozen && !_isExcluded[r.Id]) is not { } rank)
        {
            return;
        }

        int length = Random.Between(10, 250);
        int limit = Random.Between(30, 60);
        Trace($"FREEZE rank {rank.Id} for {length}");
        _counts = _counts with { Freezes = _counts.Freezes + 1 };
        rank.IsFrozen = true;
        _queue.Add(_now + length, new SimulationEvent { Kind = SimulationEventKind.Thaw, From = -1, To = rank.Id, Number = rank.Id });
        if (length > limit)
        {
            _queue.Add(_now + limit, new SimulationEvent { Kind = SimulationEventKind.ProcessEnded, From = SuspectMark, To = -1, Number = rank.Id });
        }
    }

    private void FailCoordinator()
    {
        SimulatedCoordinator coordinator = Coordinator;
        if (!coordinator.IsAlive || coordinator.IsFrozen || FirstCoordinator + _coordinators.Count >= MaxEndpoints)
        {
            return;
        }

        _counts = _counts with { Coordinators = _counts.Coordinators + 1 };
        if (Random.OneIn(2))
        {
            Trace($"KILL coordinator {coordinator.Id}");
            coordinator.IsAlive = false;
        }
        else
        {
            Trace($"FREEZE coordinator {coordinator.Id}");
            coordinator.IsFrozen = true;
            _queue.Add(_now + Random.Between(30, 300), new SimulationEvent { Kind = SimulationEventKind.ThawCoordinator, From = -1, To = coordinator.Id });
        }

        _queue.Add(_now + Random.Between(10, 80), new SimulationEvent { Kind = SimulationEventKind.TakeOver, From = -1, To = -1 });
    }

    private void Grow()
    {
        Trace("GROW");
        _counts = _counts with { Growths = _counts.Growths + 1 };
        if (Recipe.WantedRanks < Shape.Groups)
        {
            Recipe = Shape.Recipe(Recipe.WantedRanks + 1);
        }

        if (_ranks.Count < MaxRanks)
        {
            Start();
        }

        SendToCoordinator(SimulationEventKind.Grow, -1, default);
    }

    private void Flip()
    {
        if (Victim(r => Enumerable.Range(0, Shape.Shards).Any(s => r.Shard(s) is { IsVerified: true, IsOwned: true, IsAnnounced: false }) && !r.IsApplying) is not { } rank)
        {
            return;
        }

        int shard = Enumerable.Range(0, Shape.Shards).First(s => rank.Shard(s) is { IsVerified: true, IsOwned: true, IsAnnounced: false });
        Trace($"FLIP a bit of shard {shard} at rank {rank.Id}");
        _counts = _counts with { Flips = _counts.Flips + 1 };
        rank.Shard(shard)!.Digest ^= 1UL << Random.Below(64);
    }

    private void Start()
    {
        SimulatedRank rank = new(this, _ranks.Count);
        Trace($"START rank {rank.Id}");
        _ranks.Add(rank);
        SendToCoordinator(SimulationEventKind.ProcessStarted, -3, new SimulationEvent { Number = rank.Id });
    }

    private void OnNode(in SimulationEvent item)
    {
        _eventsAtLastFault = _events;
        switch (item.Kind)
        {
            case SimulationEventKind.ProcessStarted:
                if (item.Number < 0)
                {
                    Start();
                }
                else
                {
                    Deliver(item with { From = -3 }, Coordinator);
                }

                break;
            case SimulationEventKind.ProcessEnded:
                if (_ranks[item.Number] is { IsAlive: true, IsFrozen: true })
                {
                    _isExcluded[item.Number] = true;
                    _leftOutAt[item.Number] = Journal.Newest;
                    Deliver(item with { From = -1 }, Coordinator);
                }

                break;
            case SimulationEventKind.Thaw:
                Thaw(_ranks[item.Number]);
                break;
            case SimulationEventKind.ThawCoordinator:
                SimulatedCoordinator old = _coordinators[item.To - FirstCoordinator];
                Trace($"THAW coordinator {old.Id}");
                old.IsFrozen = false;
                foreach (SimulationEvent waiting in old.Inbox.ToArray())
                {
                    Deliver(waiting, old);
                }

                old.Inbox.Clear();
                break;
            case SimulationEventKind.TakeOver:
                Trace("a successor takes over");
                _coordinators.Add(new SimulatedCoordinator(this, FirstCoordinator + _coordinators.Count));
                Coordinator.TakeOver();
                break;
        }
    }

    private void Thaw(SimulatedRank rank)
    {
        if (!rank.IsAlive)
        {
            return;
        }

        Trace($"THAW rank {rank.Id}");
        _counts = _counts with { Thaws = _counts.Thaws + 1 };
        rank.IsFrozen = false;
        SimulationEvent[] waiting = [.. rank.Inbox];
        rank.Inbox.Clear();
        foreach (SimulationEvent item in waiting)
        {
            Deliver(item, rank);
        }

        if (_isExcluded[rank.Id])
        {
            _isExcluded[rank.Id] = false;
            SendToCoordinator(SimulationEventKind.ProcessStarted, -3, new SimulationEvent { Number = rank.Id });
        }
    }
}
