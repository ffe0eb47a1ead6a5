using System.Collections.Immutable;
using Olmo.Actors.Worlds;

namespace Olmo.TestKit.Simulation;

/// <summary>The run's supervisor as far as worlds go: journals a number, asks for reports, forms the world, sends the plan. A successor adopts or takes a new number.</summary>
internal sealed class SimulatedCoordinator(WorldHistory history, int id)
{
    private readonly SortedSet<int> _living = [];
    private readonly SortedDictionary<int, WorldReport> _reports = [];
    private readonly SortedDictionary<int, bool> _statuses = [];
    private ImmutableArray<WorldMember> _members = [];
    private long _token;
    private long _newest;
    private long _collecting;
    private bool _isAsking;
    private bool _isAdopting;
    private bool _mustReload;
    private GenerationPlan? _formed;

    public int Id { get; } = id;

    public bool IsAlive { get; set; } = true;

    public bool IsFrozen { get; set; }

    public List<SimulationEvent> Inbox { get; } = [];

    public void BeginRun()
    {
        _token = history.Journal.TakeLease();
        Look();
        _newest = 1;
        history.Journal.Append(1);
        GenerationPlan plan = Formed(WorldFormation.FromState(1, 0, history.Recipe, [], _living, null));
        history.Journal.SetMembers(plan.Membership());
        Send(plan);
    }

    public void TakeOver()
    {
        _token = history.Journal.TakeLease();
        _newest = history.Journal.Newest;
        _members = history.Journal.Members;
        Look();
        _isAdopting = true;
        foreach (int rank in _living)
        {
            history.Send(SimulationEventKind.StatusRequest, Id, rank, default);
        }

        TryAdopt();
    }

    public void Handle(in SimulationEvent item)
    {
        switch (item.Kind)
        {
            case SimulationEventKind.SendPrepare: Ask(item.Generation); break;
            case SimulationEventKind.SendPlan: SendPlan(); break;
            case SimulationEventKind.Report: OnReport(item); break;
            case SimulationEventKind.Status:
                OnStatus(item);
                break;
            case SimulationEventKind.Failed:
                if (item.Generation == _newest && _collecting == 0 && !_isAdopting)
                {
                    _mustReload = true;
                    Begin();
                }

                break;
            case SimulationEventKind.ProcessEnded: OnEnded(item.Number); break;
            case SimulationEventKind.ProcessStarted:
                _living.Add(item.Number);
                if (_isAsking && _formed is null)
                {
                    history.Send(SimulationEventKind.Prepare, Id, item.Number, new SimulationEvent { Generation = _collecting });
                }
                else if (_isAdopting)
                {
                    history.Send(SimulationEventKind.StatusRequest, Id, item.Number, default);
                }

                GrowIfWanted();
                break;
            case SimulationEventKind.Grow:
                GrowIfWanted();
                break;
            default: throw new InvalidOperationException($"A coordinator got {item.Kind}.");
        }
    }

    private void Look()
    {
        foreach (SimulatedRank rank in history.Ranks)
        {
            if (rank.IsAlive && !history.IsExcluded(rank.Id))
            {
                _living.Add(rank.Id);
            }
        }
    }

    private void OnEnded(int rank)
    {
        _living.Remove(rank);
        _reports.Remove(rank);
        _statuses.Remove(rank);
        if (_isAdopting)
        {
            TryAdopt();
        }
        else if (_formed is not null || _collecting == 0)
        {
            if ((_formed?.Membership() ?? _members).Any(m => m.RankId == rank))
            {
                Begin();
            }
        }
        else
        {
            TryForm();
        }
    }

    private void OnStatus(in SimulationEvent item)
    {
        // What a process said before it ended counts no more.
        if (_living.Contains(item.From))
        {
            _statuses[item.From] = item.Generation == _newest && item.Step == _newest && item.Number == 0;
            TryAdopt();
        }
    }

    private void TryAdopt()
    {
        if (!_isAdopting || _living.Any(r => !_statuses.ContainsKey(r)))
        {
            return;
        }

        _isAdopting = false;
        if (_members.All(m => _statuses.TryGetValue(m.RankId, out bool runsNewest) && runsNewest))
        {
            GrowIfWanted();
        }
        else
        {
            Begin();
        }
    }

    private void GrowIfWanted()
    {
        if (_collecting == 0 && !_isAdopting && _members.Count(m => _living.Contains(m.RankId)) < history.Recipe.WantedRanks
            && _living.Any(r => !_members.Any(m => m.RankId == r)))
        {
            Begin();
        }
    }

    private void Begin()
    {
        // The number is durable before anybody is asked, and so before anybody stops.
        if (!history.Journal.Accepts(_token))
        {
            IsAlive = false;
            return;
        }

        _newest++;
        history.Journal.Append(_newest);
        _collecting = _newest;
        _formed = null;
        _isAsking = false;
        _reports.Clear();
        history.After(history.Random.Between(1, 10), SimulationEventKind.SendPrepare, Id, new SimulationEvent { Generation = _newest });
    }

    private void Ask(long generation)
    {
        if (generation != _collecting || _formed is not null)
        {
            return;
        }

        _isAsking = true;
        foreach (int rank in _living)
        {
            history.Send(SimulationEventKind.Prepare, Id, rank, new SimulationEvent { Generation = generation });
        }

        history.Note(Interest.Prepare);
    }

    private void OnReport(in SimulationEvent item)
    {
        if (item.Generation == _collecting && _formed is null && _living.Contains(item.From))
        {
            _reports[item.From] = WorldHistory.OverTheWire((WorldReport)item.Body!, history.Number);
            TryForm();
        }
    }

    private void TryForm()
    {
        if (!_isAsking || _living.Count == 0 || _living.Any(r => !_reports.ContainsKey(r)))
        {
            return;
        }

        if (!history.Journal.Accepts(_token))
        {
            // The plan's members could not be written.
            IsAlive = false;
            return;
        }

        WorldReport[] reports = [.. _reports.Values];
        FormationResult result = _mustReload
            ? new FormationResult.CheckpointNeeded("announcements of a shard are not equal", -1)
            : WorldFormation.Plan(_collecting, 0, history.Recipe, _members, reports, history.Rules);
        if (result is FormationResult.CheckpointNeeded needed)
        {
            if (!_mustReload)
            {
                history.CheckCheckpointIsDue(needed, reports);
            }

            history.NoteCheckpoint(_collecting, needed.Reason);
            result = WorldFormation.FromState(_collecting, 0, history.Recipe, _members, _living, null);
        }

        _mustReload = false;
        if (result is FormationResult.TooFewRanks)
        {
            _collecting = 0;
            _members = [];
            return;
        }

        GenerationPlan plan = Formed(result);
        history.CheckPlan(plan, reports);
        history.Journal.SetMembers(plan.Membership());
        _formed = plan;
        history.After(history.Random.Between(1, 8), SimulationEventKind.SendPlan, Id, new SimulationEvent { Generation = plan.Generation });
    }

    private void SendPlan()
    {
        if (_formed is { } plan)
        {
            Send(plan);
            GrowIfWanted();
        }
    }

    private void Send(GenerationPlan plan)
    {
        _members = plan.Membership();
        _collecting = 0;
        _isAsking = false;
        _formed = null;
        foreach (int rank in plan.Members)
        {
            history.Send(SimulationEventKind.Form, Id, rank, new SimulationEvent { Generation = plan.Generation, Body = plan });
        }

        history.Note(Interest.PlanSent);
    }

    private static GenerationPlan Formed(FormationResult result) => result is FormationResult.Formed formed
        ? formed.Plan
        : throw new InvalidOperationException($"No world: {result}.");
}
