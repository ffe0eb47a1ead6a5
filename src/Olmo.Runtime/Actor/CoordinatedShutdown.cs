using Olmo.Runtime.Configuration;
using Olmo.Runtime.Event;
using Olmo.Runtime.Hocon;

namespace Olmo.Runtime.Actor;

/// <summary>A part that hangs on a system.</summary>
public interface IExtension;

/// <summary>
/// Ends a system in phases. The phases form a graph (configuration <c>akka.coordinated-shutdown.phases</c>) and run one after the other;
/// the tasks of one phase run together. The first reason wins, and all callers get the same task.
/// </summary>
public sealed class CoordinatedShutdown : IExtension
{
    public const string PhaseBeforeServiceUnbind = "before-service-unbind";
    public const string PhaseServiceUnbind = "service-unbind";
    public const string PhaseServiceRequestsDone = "service-requests-done";
    public const string PhaseServiceStop = "service-stop";
    public const string PhaseBeforeClusterShutdown = "before-cluster-shutdown";
    public const string PhaseClusterShardingShutdownRegion = "cluster-sharding-shutdown-region";
    public const string PhaseClusterLeave = "cluster-leave";
    public const string PhaseClusterExiting = "cluster-exiting";
    public const string PhaseClusterExitingDone = "cluster-exiting-done";
    public const string PhaseClusterShutdown = "cluster-shutdown";
    public const string PhaseBeforeActorSystemTerminate = "before-actor-system-terminate";
    public const string PhaseActorSystemTerminate = "actor-system-terminate";

    private const string Section = "akka.coordinated-shutdown";

    private readonly ActorSystemImpl _system;
    private readonly Lock _gate = new();
    private readonly IReadOnlyList<Phase> _phases;
    private readonly EventHandler? _onProcessExit;
    private Task<Done>? _run;

    internal CoordinatedShutdown(ActorSystemImpl system)
    {
        _system = system;
        _phases = InOrder(ReadPhases(system.Settings.Config));
        if (system.Settings.Config.GetBoolean($"{Section}.terminate-actor-system"))
        {
            AddTask(PhaseActorSystemTerminate, "terminate-system", async () =>
            {
                system.StopGuardians();
                await system.WhenTerminated.ConfigureAwait(false);
                return Done.Instance;
            });
        }

        if (system.Options.ShutDownOnProcessExit ?? system.Settings.Config.GetBoolean($"{Section}.run-by-clr-shutdown-hook"))
        {
            _onProcessExit = (_, _) => Run(ClrExitReason.Instance).Wait(TotalTimeout);
            AppDomain.CurrentDomain.ProcessExit += _onProcessExit;
        }
    }

    /// <summary>Why the shutdown runs; null before it does.</summary>
    public Reason? ShutdownReason { get; private set; }

    public TimeSpan TotalTimeout => _phases.Aggregate(TimeSpan.Zero, (sum, p) => sum + p.Timeout);

    public static CoordinatedShutdown Get(ActorSystem sys)
    {
        ArgumentNullException.ThrowIfNull(sys);
        return ((ActorSystemImpl)sys).CoordinatedShutdown;
    }

    /// <exception cref="ConfigurationException">There is no such phase.</exception>
    public TimeSpan Timeout(string phase) => Find(phase).Timeout;

    /// <summary>Adds a task to a phase. Added to a phase that has begun, it does not run.</summary>
    /// <exception cref="ConfigurationException">There is no such phase.</exception>
    public void AddTask(string phase, string taskName, Func<Task<Done>> task)
    {
        ArgumentException.ThrowIfNullOrEmpty(taskName);
        ArgumentNullException.ThrowIfNull(task);
        Phase target = Find(phase);
        lock (_gate)
        {
            target.Tasks.Add((taskName, task));
        }
    }

    /// <summary>Runs the phases, from <paramref name="fromPhase"/> on where given. A later call gets the task of the first.</summary>
    /// <exception cref="ConfigurationException">There is no such phase.</exception>
    public Task<Done> Run(Reason reason, string? fromPhase = null)
    {
        ArgumentNullException.ThrowIfNull(reason);
        int first = fromPhase is null ? 0 : IndexOf(Find(fromPhase));
        TaskCompletionSource<Done> outcome;
        lock (_gate)
        {
            if (_run is not null)
            {
                return _run;
            }

            ShutdownReason = reason;
            outcome = new TaskCompletionSource<Done>(TaskCreationOptions.RunContinuationsAsynchronously);
            _run = outcome.Task;
        }

        Log(LogLevel.InfoLevel, null, $"Coordinated shutdown for reason {reason}");
        _ = CompleteAsync();
        return outcome.Task;

        async Task CompleteAsync()
        {
            try
            {
                await Task.Yield();
                await RunFrom(first).ConfigureAwait(false);
                outcome.SetResult(Done.Instance);
            }
            catch (Exception failure)
            {
                outcome.SetException(failure);
            }
        }
    }

    internal void Dispose()
    {
        if (_onProcessExit is not null)
        {
            AppDomain.CurrentDomain.ProcessExit -= _onProcessExit;
        }
    }

    private static List<Phase> ReadPhases(Config config)
    {
        string section = $"{Section}.phases";
        TimeSpan defaultTimeout = config.GetTimeSpan($"{Section}.default-phase-timeout", allowInfinite: false);
        List<Phase> phases = [];
        foreach (string name in ((HoconObject)config.Resolved.Find(section)!).Keys)
        {
            Config phase = config.GetConfig($"{section}.{name}");
            phases.Add(new Phase(
                name,
                phase.GetTimeSpan("timeout", defaultTimeout, allowInfinite: false),
                phase.GetBoolean("recover", true),
                phase.GetBoolean("enabled", true),
                [.. phase.GetStringList("depends-on")]));
        }

        return phases;
    }

    /// <summary>Each phase after those that it depends on; where that leaves a choice, as written.</summary>
    private static List<Phase> InOrder(List<Phase> phases)
    {
        List<Phase> order = [];
        HashSet<string> open = new(StringComparer.Ordinal);
        foreach (Phase phase in phases)
        {
            Visit(phase);
        }

        return order;

        void Visit(Phase phase)
        {
            if (order.Contains(phase))
            {
                return;
            }

            if (!open.Add(phase.Name))
            {
                throw new ConfigurationException($"The phases of {Section} depend on each other in a cycle through [{phase.Name}].");
            }

            foreach (string before in phase.DependsOn)
            {
                Visit(phases.Find(p => p.Name == before)
                    ?? throw new ConfigurationException($"{Section}.phases.{phase.Name} depends on the unknown phase [{before}]."));
            }

            order.Add(phase);
        }
    }

    private async Task RunFrom(int first)
    {
        foreach (Phase phase in _phases.Skip(first))
        {
            (string Name, Func<Task<Done>> Task)[] tasks;
            lock (_gate)
            {
                tasks = [.. phase.Tasks];
            }

            if (!phase.Enabled)
            {
                Log(LogLevel.InfoLevel, null, $"Phase [{phase.Name}] is switched off, its {tasks.Length} tasks are skipped");
            }
            else if (tasks.Length > 0)
            {
                await RunPhase(phase, tasks).ConfigureAwait(false);
            }
        }
    }

    private async Task RunPhase(Phase phase, (string Name, Func<Task<Done>> Task)[] tasks)
    {
        Task all = Task.WhenAll(tasks.Select(t => RunTask(phase, t.Name, t.Task)));
        try
        {
            await all.WaitAsync(phase.Timeout, _system.Options.Time).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!all.IsCompleted)
        {
            string text = $"Coordinated shutdown phase [{phase.Name}] timed out after {phase.Timeout}";
            if (!phase.Recover)
            {
                throw new TimeoutException(text);
            }

            Log(LogLevel.WarningLevel, null, text);
        }
    }

    private async Task RunTask(Phase phase, string name, Func<Task<Done>> task)
    {
        try
        {
            await task().ConfigureAwait(false);
        }
        catch (Exception failure) when (phase.Recover)
        {
            Log(LogLevel.WarningLevel, failure, $"Task [{name}] failed in phase [{phase.Name}]: {failure.Message}");
        }
    }

    private Phase Find(string phase) => _phases.FirstOrDefault(p => p.Name == phase)
        ?? throw new ConfigurationException($"Unknown phase [{phase}], known phases: [{string.Join(", ", _phases.Select(p => p.Name))}].");

    private int IndexOf(Phase phase) => _phases.TakeWhile(p => p != phase).Count();

    private void Log(LogLevel level, Exception? cause, string message) => _system.LogOf("CoordinatedShutdown", typeof(CoordinatedShutdown)).Write(level, cause, message);

    /// <summary>Why a system ends.</summary>
    public class Reason
    {
        protected Reason()
        {
        }

        public override string ToString() => GetType().Name;
    }

    public class UnknownReason : Reason
    {
        public static readonly Reason Instance = new UnknownReason();

        private UnknownReason()
        {
        }
    }

    public class ActorSystemTerminateReason : Reason
    {
        public static readonly Reason Instance = new ActorSystemTerminateReason();

        private ActorSystemTerminateReason()
        {
        }
    }

    public class ClrExitReason : Reason
    {
        public static readonly Reason Instance = new ClrExitReason();

        private ClrExitReason()
        {
        }
    }

    public class ClusterDowningReason : Reason
    {
        public static readonly Reason Instance = new ClusterDowningReason();

        private ClusterDowningReason()
        {
        }
    }

    public class ClusterLeavingReason : Reason
    {
        public static readonly Reason Instance = new ClusterLeavingReason();

        private ClusterLeavingReason()
        {
        }
    }

    private sealed record Phase(string Name, TimeSpan Timeout, bool Recover, bool Enabled, string[] DependsOn)
    {
        public List<(string Name, Func<Task<Done>> Task)> Tasks { get; } = [];
    }
}
