using System.Collections.Immutable;
using Olmo.Actors.Checkpoints;
using Olmo.Actors.Drills;
using Olmo.Actors.Nodes;
using Olmo.Actors.Runs;
using Olmo.Actors.Worlds;

namespace Olmo.Actors.Ranks;

/// <summary>What the supervisor of ranks is told once.</summary>
/// <param name="Wanted">Ranks that a first world waits for.</param>
/// <param name="Patience">How long it waits for them; then a world of fewer is formed, if the recipe allows it.</param>
/// <param name="Silence">How long a rank may leave a question unanswered before it is left out of the next world.</param>
/// <param name="NewSecret">Secret of a generation's data plane, fresh random bytes.</param>
public sealed record RankSupervisorSettings(int Wanted, TimeSpan Patience, TimeSpan Silence, Func<byte[]> NewSecret)
{
    /// <summary>How long a rank may take to say where it is, when another one says that a section takes too long.</summary>
    public TimeSpan DescribeWithin { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Writes the report of a hang under a name into the run's folder.</summary>
    public Action<string, string> WriteReport { get; init; } = static (_, _) => { };

    /// <summary>A slow rank's place is given to a spare, where one is ready.</summary>
    public bool ReplacesSlow { get; init; }

    /// <summary>Guards that are on.</summary>
    public Guards Guards { get; init; } = Guards.All;
}

/// <summary>
/// The ranks of a run as one: it tells all members what the run's supervisor tells it, and answers when all have answered. It holds no decision and no durable
/// state; a new incarnation asks the ranks.
/// </summary>
public sealed partial class RankSupervisor : ReceiveActor, IWithTimers
{
    private readonly RankSupervisorSettings _settings;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly SortedDictionary<int, RankEntry> _ranks = [];
    private readonly SortedDictionary<int, RankPrepared> _prepared = [];
    private readonly SortedDictionary<int, RankReport> _standing = [];
    private readonly HashSet<int> _leftOut = [];
    private readonly HashSet<int> _excluded = [];
    private readonly HashSet<int> _ready = [];
    private JoinReport _joined = JoinReport.None;
    private readonly SortedDictionary<int, RankStopped> _stopped = [];
    private IActorRef _run = ActorRefs.Nobody;
    private IActorRef _checkpoints = ActorRefs.Nobody;
    private IActorRef _processes = ActorRefs.Nobody;
    private ImmutableArray<int> _members = [];
    private long _generation;
    private long _trained;
    private Asking _asking = Asking.Nothing;
    private bool _patient = true; // until the first world was formed, or the time for it is over

    /// <summary>A supervisor that knows no rank yet.</summary>
    public RankSupervisor(RankSupervisorSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        Receive<RanksChanged>(OnRanksChanged);
        Receive<AdoptWorld>(OnAdopt);
        Receive<RankReport>(OnReport, _ => _asking is Asking.Standing);
        Receive<GatherRanks>(OnGather);
        Receive<RankPrepared>(OnPrepared, m => _asking is Asking.Reports && m.Report.Generation == _generation);
        Receive<FormPlan>(OnForm);
        Receive<RankReady>(OnReady, m => IsCurrent(m.Generation, m.RankId));
        Receive<Train>(m => Tell(m), m => m.Generation == _generation);
        Receive<LimitStaging>(m => Tell(m), m => m.Generation == _generation);
        Receive<StopAtBoundary>(m => Member(0)?.Tell(m, Self), m => m.Generation == _generation);
        Receive<StopNamed>(m => Tell(new StopAt(m.Generation, m.Step)), m => m.Generation == _generation);
        Receive<PeerLost>(OnPeerLost, m => IsCurrent(m.Generation, m.RankId));
        Receive<Abort>(m => Tell(m), m => m.Generation == _generation);
        Receive<Finish>(m => Member(0)?.Tell(m, Self), m => m.Generation == _generation);
        Receive<RankStopped>(OnStopped, m => IsCurrent(m.Generation, m.RankId));
        Receive<RankFinished>(m => _run.Tell(m), m => m.Generation == _generation);
        Receive<RankFailed>(m => _run.Tell(m), m => IsCurrent(m.Generation, m.RankId));
        Receive<IRankFinding>(m => _run.Tell(m), m => m.Generation == _generation);
        Receive<ExcludeRank>(OnExclude);
        Receive<SectionOverdue>(OnOverdue, m => IsCurrent(m.Generation, m.RankId) && _asking is Asking.Nothing);
        Receive<WorkDescribed>(OnDescribed, m => IsCurrent(m.Generation, m.RankId));
        Receive<DescribeOver>(_ => JudgeHang(), m => m.Generation == _generation);
        Receive<ComputeTimes>(OnTimes, m => IsCurrent(m.Generation, m.RankId));
        Receive<PatienceOver>(_ => OnPatienceOver());
        Receive<SilenceOver>(m => OnSilenceOver(), m => m.Generation == _generation);
        ReceiveAny(m => _log.Debug("{0} has no effect", m.GetType().Name));
    }

    private enum Asking
    {
        Nothing,
        Standing,
        Reports,
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart() => Timers.StartSingleTimer(nameof(PatienceOver), PatienceOver.Instance, _settings.Patience);

    private bool IsCurrent(long generation, int rank) => generation == _generation && _members.Contains(rank);

    private IActorRef? Member(int position) => position < _members.Length && _ranks.TryGetValue(_members[position], out RankEntry? entry) ? entry.Actor : null;

    private void Tell(object message)
    {
        foreach (int rank in _members)
        {
            if (_ranks.TryGetValue(rank, out RankEntry? entry))
            {
                entry.Actor.Tell(message, Self);
            }
        }
    }

    private void OnRanksChanged(RanksChanged changed)
    {
        _processes = Sender;
        int[] gone = [.. _ranks.Keys.Except(changed.Ranks.Select(r => r.RankId))];
        _ranks.Clear();
        foreach (RankEntry entry in _settings.Guards.SilenceWatch ? changed.Ranks : [.. changed.Ranks.Select(r => r with { IsSilent = false })])
        {
            _ranks[entry.RankId] = entry;
        }

        foreach (RankEntry entry in _ranks.Values.ToArray())
        {
            if (!entry.IsSilent)
            {
                OnHeard(entry.RankId);
            }
            else if (_formed.Contains(entry.RankId))
            {
                _frozen.Add(entry.RankId);
            }
        }

        foreach (int rank in gone)
        {
            if (_formed.Contains(rank) && !_excluded.Contains(rank) && !_frozen.Contains(rank))
            {
                _checkpoints.Tell(new MemberDied(rank, _formedAs));
            }

            _leftOut.Remove(rank);
            _excluded.Remove(rank);
            _frozen.Remove(rank);
        }

        if (_asking is Asking.Reports)
        {
            AskNew();
        }

        Answer();
        int[] lost = [.. _members.Where(m => !_ranks.TryGetValue(m, out RankEntry? entry) || entry.IsSilent)];
        if (_asking is Asking.Nothing && lost.Length > 0 && _generation > 0 && _settings.Guards.LossWatch)
        {
            bool silent = _ranks.ContainsKey(lost[0]);
            _run.Tell(new RankFailed(
                _generation, FaultKind.ProcessLost, $"rank {lost[0]} {(silent ? "is silent" : "ended")}", _trained, RankId: lost[0]));
            return;
        }

        OfferSpares();
    }

    // Where ranks are processes it is killed and never asked again; the only rank of a command's own process goes on with another state.
    private void OnExclude(ExcludeRank exclude)
    {
        if (_processes.Equals(ActorRefs.Nobody) || _processes.Equals(Context.System.DeadLetters) || !_ranks.ContainsKey(exclude.RankId))
        {
            return;
        }

        _excluded.Add(exclude.RankId);
        _processes.Tell(new KillProcess(exclude.RankId, exclude.Reason, exclude.BarsPlace), Self);
    }

    private void OnForm(FormPlan form)
    {
        GenerationPlan plan = form.Plan;
        if (plan.Generation != _generation)
        {
            _log.Debug("a plan of generation {0} has no effect in {1}", plan.Generation, _generation);
            return;
        }

        _run = Sender;
        _checkpoints = form.Checkpoints;
        int? missing = plan.Members.Where(m => !_ranks.ContainsKey(m) || !_prepared.ContainsKey(m)).Select(m => (int?)m).FirstOrDefault();
        if (missing is { } lost)
        {
            _run.Tell(new RankFailed(_generation, FaultKind.ProcessLost, $"rank {lost} ended before its world was formed", plan.StateStep, RankId: lost));
            return;
        }

        _asking = Asking.Nothing;
        _patient = false;
        _members = plan.Members;
        _trained = Math.Max(_trained, plan.StateStep);
        _ready.Clear();
        _joined = JoinReport.None;
        _stopped.Clear();
        _formed = plan.Members;
        _formedAs = plan.Generation;
        _frozen.ExceptWith(_members);
        _slow.Restart(_members);
        string secret = Convert.ToBase64String(_settings.NewSecret());
        ImmutableArray<string> endpoints = [.. plan.Members.Select(m => _prepared[m].DataPlane)];
        Tell(new FormWorld(plan, endpoints, secret, _checkpoints));
    }

    // Whoever it lost is found by its node, or does not answer: the world is over in any case.
    private void OnPeerLost(PeerLost lost)
    {
        if (_asking is Asking.Nothing && _settings.Guards.LossWatch)
        {
            _run.Tell(new RankFailed(lost.Generation, FaultKind.ProcessLost, $"rank {lost.RankId}: {lost.Message}", _trained, RankId: lost.RankId, NoticedAt: lost.At));
        }
    }

    private void OnReady(RankReady ready)
    {
        if (!_ready.Add(ready.RankId))
        {
            return;
        }

        _joined = JoinReport.Together(_joined, ready.Join ?? JoinReport.None);
        if (_ready.Count == _members.Length)
        {
            _run.Tell(new RankReady(ready.Generation, ready.Step, ready.RankId, _joined));
            OfferSpares();
        }
    }

    private void OnStopped(RankStopped stopped)
    {
        _stopped[stopped.RankId] = stopped;
        if (_stopped.Count == _members.Length)
        {
            RankStopped worst = _stopped.Values.FirstOrDefault(s => !s.Checkpoint.IsCommitted) ?? stopped;
            _run.Tell(worst);
        }
    }

    private void OfferSpares()
    {
        if (_asking is not Asking.Nothing || _members.IsEmpty || _ready.Count < _members.Length)
        {
            return;
        }

        ImmutableArray<int> spares = [.. Askable().Select(r => r.RankId).Where(r => !_members.Contains(r))];
        if (spares.Length > 0)
        {
            _run.Tell(new RanksSpare(_generation, spares));
        }
    }

    private sealed record PatienceOver
    {
        public static PatienceOver Instance { get; } = new();
    }

    private sealed record SilenceOver(long Generation);
}
