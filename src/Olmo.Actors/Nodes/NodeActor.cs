using System.ComponentModel;
using Olmo.Actors.Links;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Nodes;

/// <summary>
/// Starts, watches and, as the last resort, kills the processes of one machine: a coordinator, which is replaced at once when it dies, and rank processes. It tells the
/// coordinator what lives, and decides nothing about worlds. A frozen coordinator is left alone unless the settings say otherwise: nobody waits for it in a step.
/// </summary>
public sealed class NodeActor : ReceiveActor, IWithTimers
{
    /// <summary>Name of the coordinator's endpoint.</summary>
    public const string CoordinatorEndpoint = "coordinator";

    /// <summary>Address of who is told about processes in the coordinator.</summary>
    public const string RanksAddress = CoordinatorEndpoint + "/user/processes";

    /// <summary>Address of the run's supervisor in the coordinator.</summary>
    public const string RunAddress = CoordinatorEndpoint + "/user/run";

    private const int MaxDoublings = 10;
    private const int MaxUnfit = 2;
    private static readonly TimeSpan FirstBar = TimeSpan.FromMinutes(10);
    private readonly NodeSettings _settings;
    private readonly IProcessLauncher _launcher;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly SortedDictionary<int, Child> _children = [];
    private readonly IActorRef _links;
    private readonly IActorRef _ranks;
    private readonly IActorRef _run;
    private readonly HashSet<int> _barred = [];
    private readonly Dictionary<int, int> _convictions = [];
    private readonly Dictionary<int, int> _unfit = [];
    private int _target;
    private int _failedCoordinators;
    private int _failedRanks;
    private RequestStop? _stop;
    private string? _closing;
    private bool _holdsBack; // replacements, until the world has recovered

    /// <summary>A node whose links are <paramref name="links"/>; its children start with it.</summary>
    public NodeActor(NodeSettings settings, IProcessLauncher launcher, IActorRef links)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _launcher = launcher;
        _links = links;
        _target = settings.Target;
        _ranks = Context.ActorOf(Props.Create(() => new RemoteActor(links, RanksAddress)), "processes");
        _run = Context.ActorOf(Props.Create(() => new RemoteActor(links, RunAddress)), "run");

        Receive<EndpointDown>(m => SetSilent(m.Endpoint, m.Incarnation, false));
        Receive<EndpointSilent>(OnSilent);
        Receive<EndpointHeard>(OnHeard);
        Receive<ChildExited>(OnExited);
        Receive<ProcessReady>(OnReady);
        Receive<SupervisorUp>(OnSupervisorUp);
        Receive<StartProcesses>(OnStartProcesses);
        Receive<KillProcess>(OnKill);
        Receive<RequestStop>(OnRequestStop);
        Receive<CloseNode>(OnClose);
        Receive<ChildFrozen>(OnChildFrozen);
        Receive<GraceOver>(_ => KillAll());
        Receive<BarOver>(OnBarOver);
        Receive<WorldRecovered>(_ => StartHeldBack());
        Receive<WaitingForRanks>(_ => StartHeldBack());
        Receive<DelayOver>(_ => StartHeldBack());
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        foreach (Type type in (Type[])[typeof(EndpointDown), typeof(EndpointSilent), typeof(EndpointHeard), typeof(WorldRecovered), typeof(WaitingForRanks)])
        {
            Context.System.EventStream.Subscribe(Self, type);
        }

        _links.Tell(new Publish(Self));
        Start(ProcessRole.Coordinator);
        StartMissingRanks();
    }

    /// <inheritdoc />
    protected override void PostStop() => KillAll();

    private IEnumerable<Child> Ranks => _children.Values.Where(c => c.Role is ProcessRole.Rank);

    private Child? Coordinator => _children.Values.LastOrDefault(c => c.Role is ProcessRole.Coordinator);

    private bool Start(ProcessRole role)
    {
        try
        {
            int number = _settings.NextNumber();
            int slot = FreePlace(role);
            IActorRef self = Self;
            IChildProcess process = _launcher.Start(_settings.Describe(role, number, slot), exit => self.Tell(new ChildExited(number, exit), ActorRefs.NoSender));
            _children[number] = new Child(role, number, slot, process);
            Context.System.EventStream.Publish(new ProcessChanged(role, number, $"started, process id {process.Id}"));
            return true;
        }
        catch (Exception e) when (e is Win32Exception or IOException or InvalidDataException)
        {
            Context.System.EventStream.Publish(new NodeFailed($"a process of role {role} cannot be started: {e.Message}"));
            return false;
        }
    }

    private int FreePlace(ProcessRole role) => Enumerable.Range(0, _children.Count + _barred.Count + 1)
        .First(s => _children.Values.All(c => c.Role != role || c.Slot != s) && (role is not ProcessRole.Rank || !_barred.Contains(s)));

    // Each conviction of a place keeps it empty twice as long as the one before: it may be its processor or its memory.
    private void Bar(Child child)
    {
        int times = _convictions[child.Slot] = _convictions.GetValueOrDefault(child.Slot) + 1;
        TimeSpan time = FirstBar * (1 << Math.Min(times - 1, MaxDoublings));
        _barred.Add(child.Slot);
        Timers.StartSingleTimer($"barred-{child.Slot}", new BarOver(child.Slot), time);
        Context.System.EventStream.Publish(new ProcessChanged(child.Role, child.Number, $"computed wrong: place {child.Slot} is not used for {time}, time {times}"));
    }

    // A rank that fails its self-test was never ready, so nothing depends on it.
    private void OnUnfit(Child child)
    {
        int times = _unfit[child.Slot] = _unfit.GetValueOrDefault(child.Slot) + 1;
        if (times >= MaxUnfit)
        {
            _barred.Add(child.Slot);
        }

        Context.System.EventStream.Publish(new ProcessChanged(
            child.Role, child.Number, $"failed its self-test, time {times} in place {child.Slot}{(times >= MaxUnfit ? ", which is not used any more" : "")}"));
    }

    private void OnBarOver(BarOver over)
    {
        _barred.Remove(over.Place);
        _log.Info("place {0} may be used again", over.Place);
    }

    private void StartMissingRanks()
    {
        while (Ranks.Count() < _target && Start(ProcessRole.Rank))
        {
        }

        TellRanks();
    }

    private void OnExited(ChildExited exited)
    {
        if (!_children.Remove(exited.Number, out Child? child))
        {
            return; // of an earlier incarnation of this actor
        }

        _log.Info("{0} {1} (process id {2}) {3}", child.Role, child.Number, child.Process.Id, exited.Exit);
        Context.System.EventStream.Publish(new ProcessChanged(child.Role, child.Number, exited.Exit.ToString()));
        if (child.Role is ProcessRole.Rank)
        {
            _links.Tell(new Forget(EndpointOf(child)));
            _ranks.Tell(new ProcessEnded(child.Number, exited.Exit.ExitCode, exited.Exit.Signal));
        }

        if (_closing is not null)
        {
            if (_children.Count == 0)
            {
                Context.Stop(Self);
            }

            return;
        }

        if (child.Role is ProcessRole.Rank && exited.Exit.ExitCode is { } code && code == _settings.UnfitExitCode)
        {
            OnUnfit(child);
        }

        if (child.Role is ProcessRole.Coordinator)
        {
            Replace(ref _failedCoordinators, child, exited.Exit, () => Start(ProcessRole.Coordinator));
        }
        else if (_settings.Respawns)
        {
            Replace(ref _failedRanks, child, exited.Exit, child.WasUseful ? ReplaceRank : StartMissingRanks);
        }
        else
        {
            TellRanks();
        }
    }

    private void Replace(ref int failed, Child child, ProcessExit exit, Action start)
    {
        if (exit.ExitCode is { } code && code == _settings.HopelessExitCode)
        {
            Context.System.EventStream.Publish(new NodeFailed($"{child.Role} {child.Number} {exit}: a mistake that another start does not mend"));
            return;
        }

        failed = child.WasUseful ? 0 : failed + 1;
        if (failed > _settings.MaxFailedStarts)
        {
            Context.System.EventStream.Publish(new NodeFailed(
                $"{failed} processes of role {child.Role} in a row ended before they were of use, the limit is {_settings.MaxFailedStarts}; the last one {exit}"));
            return;
        }

        start();
    }

    // Where other ranks live they recover first: the start of a process takes seconds of processor time.
    private void ReplaceRank()
    {
        if (_settings.ReplacementDelay <= TimeSpan.Zero || !Ranks.Any(c => c.WasUseful))
        {
            StartMissingRanks();
            return;
        }

        _holdsBack = true;
        Timers.StartSingleTimer(nameof(DelayOver), DelayOver.Instance, _settings.ReplacementDelay);
        TellRanks();
    }

    private void StartHeldBack()
    {
        if (_holdsBack && _closing is null)
        {
            _holdsBack = false;
            Timers.Cancel(nameof(DelayOver));
            StartMissingRanks();
        }
    }

    private void OnReady(ProcessReady ready)
    {
        if (!_children.TryGetValue(ready.Number, out Child? child))
        {
            return;
        }

        child.WasUseful = true;
        Context.System.EventStream.Publish(new ProcessChanged(
            child.Role, ready.Number, $"ready {ready.StartToReady.TotalSeconds:0.00} s after its start, {ready.ResidentBytes / 1e6:0} MB resident"));
        TellRanks();
    }

    private void OnSupervisorUp(SupervisorUp up)
    {
        if (_stop is { } stop && _children.ContainsKey(up.Number))
        {
            _run.Tell(stop); // a successor does not know what its predecessor was asked
        }
    }

    private void OnSilent(EndpointSilent silent)
    {
        _log.Warning("endpoint {0} has not been heard of for {1}", silent.Endpoint, silent.For);
        SetSilent(silent.Endpoint, silent.Incarnation, true);
        if ((silent.Endpoint == CoordinatorEndpoint ? _settings.FrozenCoordinator : _settings.FrozenRank) is { } limit)
        {
            Timers.StartSingleTimer(FrozenTimer(silent.Incarnation), new ChildFrozen((int)silent.Incarnation, limit), limit > silent.For ? limit - silent.For : TimeSpan.Zero);
        }
    }

    private void OnHeard(EndpointHeard heard)
    {
        SetSilent(heard.Endpoint, heard.Incarnation, false);
        Timers.Cancel(FrozenTimer(heard.Incarnation));
    }

    private static string FrozenTimer(long incarnation) => $"frozen-{incarnation}";

    private void SetSilent(string endpoint, long incarnation, bool silent)
    {
        if (_children.TryGetValue((int)incarnation, out Child? child) && EndpointOf(child) == endpoint && child.IsSilent != silent)
        {
            child.IsSilent = silent;
            Context.System.EventStream.Publish(new ProcessChanged(child.Role, child.Number, silent ? "is silent: frozen or starved" : "is heard again"));
            TellRanks();
        }
    }

    private void OnChildFrozen(ChildFrozen frozen)
    {
        if (_children.TryGetValue(frozen.Number, out Child? child) && child.IsSilent)
        {
            _log.Error("{0} {1} (process id {2}) was silent for longer than {3} and is killed", child.Role, child.Number, child.Process.Id, frozen.Limit);
            child.Process.Kill();
        }
    }

    private void OnStartProcesses(StartProcesses start)
    {
        _target = Math.Max(start.Target, 0);
        if (_closing is null)
        {
            StartMissingRanks();
        }
    }

    private void OnKill(KillProcess kill)
    {
        if (_children.TryGetValue(kill.Rank, out Child? child) && child.Role is ProcessRole.Rank)
        {
            _log.Warning("rank {0} (process id {1}) is killed: {2}", child.Number, child.Process.Id, kill.Reason);
            if (kill.BarsPlace && !_barred.Contains(child.Slot))
            {
                Bar(child);
            }

            child.Process.Kill();
        }
    }

    private void OnRequestStop(RequestStop stop)
    {
        _stop = stop;
        _run.Tell(stop);
    }

    private void OnClose(CloseNode close)
    {
        _closing = close.Reason;
        if (_children.Count == 0)
        {
            Context.Stop(Self);
            return;
        }

        foreach (Child child in _children.Values)
        {
            _links.Tell(new SendToRemote($"{EndpointOf(child)}/user/process", new EndProcess(close.Reason)));
        }

        Timers.StartSingleTimer(nameof(GraceOver), GraceOver.Instance, _settings.EndGrace);
    }

    private void KillAll()
    {
        foreach (Child child in _children.Values)
        {
            child.Process.Kill();
        }
    }

    private void TellRanks() => _ranks.Tell(new ProcessList([.. Ranks.Select(c => new RankProcess(c.Number, c.WasUseful, c.IsSilent))]));

    private static string EndpointOf(Child child) => child.Role is ProcessRole.Coordinator ? CoordinatorEndpoint : $"rank-{child.Number}";

    private sealed class Child(ProcessRole role, int number, int slot, IChildProcess process)
    {
        public ProcessRole Role => role;

        public int Number => number;

        public int Slot => slot;

        public IChildProcess Process => process;

        public bool WasUseful { get; set; }

        public bool IsSilent { get; set; }
    }

    private sealed record ChildExited(int Number, ProcessExit Exit);

    private sealed record ChildFrozen(int Number, TimeSpan Limit);

    private sealed record BarOver(int Place);

    private sealed record DelayOver
    {
        public static DelayOver Instance { get; } = new();
    }

    private sealed record GraceOver
    {
        public static GraceOver Instance { get; } = new();
    }
}
