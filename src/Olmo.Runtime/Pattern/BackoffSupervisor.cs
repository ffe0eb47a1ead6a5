using Olmo.Runtime.Actor;
using Olmo.Runtime.Event;

namespace Olmo.Runtime.Pattern;

/// <summary>
/// Keeps one child running, with a growing delay before each restart. Messages are passed on to the child, the child's messages to the
/// supervisor's parent; while there is no child they get the configured answer or become dead letters.
/// </summary>
public sealed class BackoffSupervisor
{
    private BackoffSupervisor()
    {
    }

    public static Props Props(BackoffOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        BackoffSettings settings = options.Settings;
        return settings.Kind == BackoffKind.OnStop
            ? Actor.Props.Create(() => new BackoffOnStopSupervisor(settings))
            : Actor.Props.Create(() => new BackoffOnFailureSupervisor(settings));
    }

    public static Props Props(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor) =>
        Props(Backoff.OnStop(childProps, childName, minBackoff, maxBackoff, randomFactor));

    /// <summary>Asks for <see cref="CurrentChild"/>.</summary>
    public sealed class GetCurrentChild
    {
        public static readonly GetCurrentChild Instance = new();

        private GetCurrentChild()
        {
        }
    }

    /// <summary>The child; null while it waits to be started.</summary>
    public sealed class CurrentChild(IActorRef? @ref)
    {
        public IActorRef? Ref { get; } = @ref;
    }

    /// <summary>Asks for <see cref="RestartCount"/>.</summary>
    public sealed class GetRestartCount
    {
        public static readonly GetRestartCount Instance = new();

        private GetRestartCount()
        {
        }
    }

    public sealed class RestartCount(int count)
    {
        public int Count { get; } = count;
    }

    /// <summary>Forgets the restarts, where the reset is manual.</summary>
    public sealed class Reset
    {
        public static readonly Reset Instance = new();

        private Reset()
        {
        }
    }

    /// <summary>The delay is over.</summary>
    public sealed class StartChild : IDeadLetterSuppression
    {
        public static readonly StartChild Instance = new();

        private StartChild()
        {
        }
    }

    /// <summary>The child has run long enough; valid while the count is still <see cref="Current"/>.</summary>
    public sealed class ResetRestartCount(int current) : IDeadLetterSuppression
    {
        public int Current { get; } = current;
    }
}

/// <summary>What both forms share: the child, the count, the passing of messages.</summary>
internal abstract class BackoffSupervising(BackoffSettings settings) : UntypedActor
{
    protected BackoffSettings Settings { get; } = settings;

    protected IActorRef? Child { get; set; }

    protected int Restarts { get; set; }

    protected override void PreStart() => Start();

    protected void Start()
    {
        Child ??= Context.Watch(Context.ActorOf(Settings.Child, Settings.Name));
        if (Settings.Reset is { } after)
        {
            Context.System.Scheduler.ScheduleTellOnce(after, Self, new BackoffSupervisor.ResetRestartCount(Restarts), Self);
        }
    }

    /// <summary>False where the retries are used up.</summary>
    protected bool StartLater()
    {
        if (Settings.Retries >= 0 && Restarts >= Settings.Retries)
        {
            return false;
        }

        double unit = Scheduling.SeededJitter.Unit(Cell.SystemImpl.Options.Seed, Self.Path.ToStringWithoutAddress(), Restarts);
        Context.System.Scheduler.ScheduleTellOnce(Settings.Delay(Restarts, unit), Self, BackoffSupervisor.StartChild.Instance, Self);
        Restarts++;
        return true;
    }

    protected void Common(object message)
    {
        switch (message)
        {
            case BackoffSupervisor.StartChild:
                Start();
                break;
            case BackoffSupervisor.ResetRestartCount reset:
                Restarts = reset.Current == Restarts ? 0 : Restarts;
                break;
            case BackoffSupervisor.GetRestartCount:
                Sender.Tell(new BackoffSupervisor.RestartCount(Restarts));
                break;
            case BackoffSupervisor.GetCurrentChild:
                Sender.Tell(new BackoffSupervisor.CurrentChild(Child));
                break;
            case BackoffSupervisor.Reset when Settings.Reset is null:
                Restarts = 0;
                break;
            case BackoffSupervisor.Reset:
            case Terminated:
                Unhandled(message);
                break;
            default:
                Pass(message);
                break;
        }
    }

    private void Pass(object message)
    {
        if (Child is { } child)
        {
            (Sender.Equals(child) ? Context.Parent : child).Forward(message);
        }
        else if (Settings.ReplyWhileStopped is { } reply)
        {
            Sender.Tell(reply);
        }
        else
        {
            Context.System.DeadLetters.Forward(message);
        }
    }
}

/// <summary>Restarts the child with a delay after it has stopped.</summary>
internal sealed class BackoffOnStopSupervisor(BackoffSettings settings) : BackoffSupervising(settings)
{
    private bool _final;

    protected override SupervisorStrategy SupervisorStrategy() => Settings.Strategy;

    protected override void OnReceive(object message)
    {
        if (message is Terminated terminated && terminated.ActorRef.Equals(Child))
        {
            Child = null;
            if (_final || !StartLater())
            {
                Context.Stop(Self);
            }

            return;
        }

        _final |= Settings.IsFinalStop?.Invoke(message) == true;
        Common(message);
    }
}

/// <summary>Replaces a restart of the child by its stop and a start after a delay; ends when the child stops by itself.</summary>
internal sealed class BackoffOnFailureSupervisor(BackoffSettings settings) : BackoffSupervising(settings)
{
    private bool _failed;

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(
        Settings.Strategy.MaxNumberOfRetries,
        Settings.Strategy.WithinTimeRangeMilliseconds,
        cause =>
        {
            Directive directive = Settings.Strategy.Decider.Decide(cause);
            _failed |= directive == Directive.Restart;
            return directive == Directive.Restart ? Directive.Stop : directive;
        });

    protected override void OnReceive(object message)
    {
        if (message is Terminated terminated && terminated.ActorRef.Equals(Child))
        {
            Child = null;
            if (!_failed || !StartLater())
            {
                Context.Stop(Self);
            }

            _failed = false;
            return;
        }

        Common(message);
    }
}
