using Olmo.Actors.Worlds;

namespace Olmo.TestKit.Simulation;

/// <summary>Moments at which a fault is most likely to find something.</summary>
internal enum Interest
{
    None,
    FullSet,
    Prepare,
    PlanSent,
    PlanTaken,
}

/// <summary>
/// One history: virtual time, links that keep order per peer, processes that die, freeze and thaw, and the checks (a) to (e) after every event. A pure function of
/// shape, rules and seed.
/// </summary>
internal sealed partial class WorldHistory
{
    public const int ChunksOfShard = 3;
    private const int FirstCoordinator = 20;
    private const int MaxEndpoints = 40;
    private const int EventsAfterLastFault = 6000;
    private readonly SimulationQueue _queue = new();
    private readonly long[] _newestOnLink = new long[MaxEndpoints * MaxEndpoints];
    private readonly long[] _cutOfLink = new long[MaxEndpoints * MaxEndpoints];
    private readonly List<SimulatedRank> _ranks = [];
    private readonly List<SimulatedCoordinator> _coordinators = [];
    private readonly List<string>? _trace;
    private long _now;
    private long _newestToCoordinator;
    private long _events;
    private long _eventsAtLastFault;
    private bool _isFinished;

    public WorldHistory(SimulationShape shape, ProtocolRules rules, QuietRun quiet, ulong seed, bool isTraced)
    {
        Shape = shape;
        Rules = rules;
        Quiet = quiet;
        Random = new SimulationRandom(seed);
        Number = seed;
        Journal = new SimulatedJournal(rules.Fence);
        Recipe = shape.Recipe(shape.Ranks);
        _trace = isTraced ? [] : null;
        PlanFaults();
    }

    public SimulationShape Shape { get; }

    public ProtocolRules Rules { get; }

    public QuietRun Quiet { get; }

    public SimulationRandom Random { get; }

    public ulong Number { get; }

    public SimulatedJournal Journal { get; }

    public WorldRecipe Recipe { get; private set; }

    public IReadOnlyList<SimulatedRank> Ranks => _ranks;

    /// <summary>Runs the history to its end.</summary>
    public HistoryOutcome Run()
    {
        string? violation = null;
        try
        {
            for (int r = 0; r < Shape.Ranks + Shape.Spares; r++)
            {
                _ranks.Add(new SimulatedRank(this, r));
            }

            _coordinators.Add(new SimulatedCoordinator(this, FirstCoordinator));
            _coordinators[0].BeginRun();
            while (!_isFinished)
            {
                if (_queue.Count == 0)
                {
                    throw new ViolationException("(e) nothing happens any more and the run is not done");
                }

                Step();
                if (_events - _eventsAtLastFault > EventsAfterLastFault)
                {
                    throw new ViolationException($"(e) the run is not done {EventsAfterLastFault} events after the last fault");
                }
            }
        }
        catch (ViolationException e)
        {
            violation = e.Message;
        }

        return new HistoryOutcome(Number, violation, _events, _counts, _generations, _checkpoints, _trace ?? []);
    }

    /// <summary>Sends on the link of two endpoints; order is kept per link.</summary>
    public void Send(SimulationEventKind kind, int from, int to, SimulationEvent item)
    {
        item.Kind = kind;
        item.From = from;
        item.To = to;
        int link = (from * MaxEndpoints) + to;
        long time = Math.Max(_now + Random.Between(1, 20), _newestOnLink[link] + 1);
        _newestOnLink[link] = time;
        _queue.Add(time, item);
    }

    /// <summary>To whoever is the coordinator when it arrives; the node keeps the order.</summary>
    public void SendToCoordinator(SimulationEventKind kind, int from, SimulationEvent item)
    {
        item.Kind = kind;
        item.From = from;
        item.To = -1;
        _newestToCoordinator = Math.Max(_now + Random.Between(1, 20), _newestToCoordinator + 1);
        _queue.Add(_newestToCoordinator, item);
    }

    /// <summary>To an endpoint itself, later.</summary>
    public void After(int delay, SimulationEventKind kind, int to, SimulationEvent item)
    {
        item.Kind = kind;
        item.From = to;
        item.To = to;
        _queue.Add(_now + delay, item);
    }

    /// <summary>A report goes over a link as JSON: one history in 64 sends the bytes.</summary>
    public static WorldReport OverTheWire(WorldReport report, ulong number) => number % 64 == 0 ? WorldReport.Parse(report.ToBytes()) : report;

    public bool IsExcluded(int rank) => _isExcluded[rank];

    public void Trace(string text) => _trace?.Add($"{_now,6} {text}");

    private SimulatedCoordinator Coordinator => _coordinators[^1];

    private void Step()
    {
        SimulationEvent item = _queue.Take();
        _now = item.Time;
        _events++;
        if (item.Kind is SimulationEventKind.Thaw or SimulationEventKind.ThawCoordinator or SimulationEventKind.TakeOver
            || (item.Kind == SimulationEventKind.ProcessStarted && item.From < 0) || (item.Kind == SimulationEventKind.ProcessEnded && item.From == SuspectMark))
        {
            OnNode(item);
        }
        else if (item.To < 0 || item.To >= FirstCoordinator)
        {
            Deliver(item, item.To < 0 ? Coordinator : _coordinators[item.To - FirstCoordinator]);
        }
        else
        {
            Deliver(item, _ranks[item.To]);
        }

        MaybeFault();
    }

    private void Deliver(in SimulationEvent item, SimulatedCoordinator coordinator)
    {
        if (!coordinator.IsAlive || IsCut(item))
        {
            return;
        }

        if (coordinator.IsFrozen)
        {
            coordinator.Inbox.Add(item);
            return;
        }

        if (_trace is not null)
        {
            Trace($"coordinator {coordinator.Id} <- {item.From}: {item}{(item.Kind is SimulationEventKind.ProcessEnded or SimulationEventKind.ProcessStarted ? $" rank {item.Number}" : "")}");
        }

        coordinator.Handle(item);
    }

    private void Deliver(in SimulationEvent item, SimulatedRank rank)
    {
        if (!rank.IsAlive || IsCut(item))
        {
            return;
        }

        if (rank.IsFrozen)
        {
            rank.Inbox.Add(item);
            return;
        }

        if (_trace is not null)
        {
            Trace($"rank {rank.Id} <- {item.From}: {item}{(item.Body is GenerationPlan plan ? " " + Text(plan) : "")}");
        }

        rank.Handle(item);
    }

    // What a dead process had sent arrives up to a point of each link.
    private bool IsCut(in SimulationEvent item)
    {
        if (item.From < 0 || item.To < 0 || item.From == item.To)
        {
            return false;
        }

        long cut = _cutOfLink[(item.From * MaxEndpoints) + item.To];
        return cut > 0 && item.Time > cut;
    }

    private static string Text(GenerationPlan plan)
    {
        string ranges = string.Join("; ", Enumerable.Range(0, plan.Recipe.Ranges).Select(r =>
            $"{string.Join('+', plan.RangeAt(r).Base.Select(p => $"{p.Holder}.{p.Kind}{{{p.Groups}}}->{string.Join(',', p.Receivers)}"))} use {string.Join(' ', plan.RangeAt(r).Use.Select(a => $"{a.Rank}{{{a.Groups}}}"))}"));
        string deals = string.Join(' ', plan.Deals.Select(d => $"{d.Rank}:{(d.IsRetained ? "kept" : "new")}{{{d.Run}}}+{string.Join(',', d.Singles)}"));
        string moves = string.Join(' ', plan.Moves.Select(m => $"s{m.Shard}:{string.Join(',', m.Donors)}->{m.To}"));
        return $"{plan.Source} members {string.Join(',', plan.Members)} m {plan.StateStep} forward {plan.RollForward?.Step} base [{ranges}] deals [{deals}] moves [{moves}]";
    }
}
