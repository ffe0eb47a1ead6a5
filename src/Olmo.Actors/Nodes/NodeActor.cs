using System.ComponentModel;
using Olmo.Actors.Links;
using Olmo.Actors.Runs;

namespace Olmo.Actors.Nodes;

/// <summary>
/// Starts, watches and, as the last resort, kills the processes of one machine: a coordinator, which is replaced at once when it dies, and rank processes. It tells the
/// coordinator what lives, and decides nothing about worlds. A frozen coordinator is left alone unless the settings say otherwise: nobody waits for it in a step.
/// </summary>
public sealed partial class NodeActor : ReceiveActor, IWithTimers
{
    /// <summary>Name of the coordinator's endpoint.</summary>
    public const string CoordinatorEndpoint = "coordinator";

    /// <summary>Address of who is told about processes in the coordinator.</summary>
    public const string RanksAddress = CoordinatorEndpoint + "/user/processes";

    /// <summary>Address of the run's supervisor in the coordinator.</summary>
    public const string RunAddress = CoordinatorEndpoint + "/user/run";

    private readonly NodeSettings _settings;
    private readonly IProcessLauncher _launcher;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly SortedDictionary<int, Child> _children = [];
    private readonly IActorRef _links;
    private readonly IActorRef _ranks;
    private readonly IActorRef _run;
    private readonly NodePlaces _places;
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
        _places = new NodePlaces(settings);
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
        Receive<RestOver>(OnRestOver);
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
            IChildProcess process = _launcher.Start(_settings.Describe(role, number, slot, _places.Avoided), exit => self.Tell(new ChildExited(number, exit), ActorRefs.NoSender));
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

    private int FreePlace(ProcessRole role)
    {
        IReadOnlySet<int> avoided = role is ProcessRole.Rank ? _places.Avoided : new HashSet<int>();
        return Enumerable.Range(0, _children.Count + avoided.Count + 1).First(s => !avoided.Contains(s) && _children.Values.All(c => c.Role != role || c.Slot != s));
    }

    // A process counts once, however often its end is asked for.
    private void Convict(Child child)
    {
        child.IsConvicted = true;
        (TimeSpan? rest, string what) = _places.Convict(child.Slot);
        if (rest > TimeSpan.Zero)
        {
            Timers.StartSingleTimer($"rest-{child.Slot}", new RestOver(child.Slot), rest.Value);
        }

        Context.System.EventStream.Publish(new ProcessChanged(child.Role, child.Number, what));
        try
        {
            _places.Record();
        }
        catch (IOException e)
        {
            _log.Error("the conviction of place {0} is forgotten when this node ends: {1}", child.Slot, e.Message);
        }
    }

    private void OnRestOver(RestOver over)
    {
        _places.Rested(over.Place);
        _log.Info("the rest of place {0} is over", over.Place);
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
            if (kill.BarsPlace && !child.IsConvicted)
            {
                Convict(child);
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

        public bool IsConvicted { get; set; }
    }

    private sealed record ChildExited(int Number, ProcessExit Exit);

    private sealed record ChildFrozen(int Number, TimeSpan Limit);

    private sealed record RestOver(int Place);

    private sealed record DelayOver
    {
        public static DelayOver Instance { get; } = new();
    }

    private sealed record GraceOver
    {
        public static GraceOver Instance { get; } = new();
    }
}
