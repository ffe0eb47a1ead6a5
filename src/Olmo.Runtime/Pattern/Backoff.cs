using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Pattern;

/// <summary>Makes options of a <see cref="BackoffSupervisor"/>.</summary>
public static class Backoff
{
    /// <summary>Starts the child again, later and later, whenever it stops.</summary>
    public static BackoffOptions OnStop(Props childProps, string childName, TimeSpan minBackoff, TimeSpan maxBackoff, double randomFactor, int maxNrOfRetries) =>
        new(childProps, childName, minBackoff, maxBackoff, randomFactor, maxNrOfRetries, null);
}

/// <summary>Options of a <see cref="BackoffSupervisor"/>.</summary>
public sealed class BackoffOptions
{
    internal BackoffOptions(Props child, string name, TimeSpan min, TimeSpan max, double jitter, int retries, SupervisorStrategy? strategy)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(min, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, min);
        (Child, Name, Min, Max, Jitter, Retries, Strategy) = (child, name, min, max, jitter, retries, strategy);
    }

    internal Props Child { get; }

    internal string Name { get; }

    internal TimeSpan Min { get; }

    internal TimeSpan Max { get; }

    internal double Jitter { get; }

    internal int Retries { get; }

    internal SupervisorStrategy? Strategy { get; }

    /// <summary>A child that throws is stopped, and so started again with a delay too.</summary>
    public BackoffOptions WithDefaultStoppingStrategy() => new(Child, Name, Min, Max, Jitter, Retries, SupervisorStrategy.StoppingStrategy);
}

/// <summary>Supervises one child that is started again with growing delays; passes messages on to it, and its messages to the parent above.</summary>
public sealed class BackoffSupervisor(BackoffOptions options) : UntypedActor
{
    private IActorRef? _child;
    private int _restarts;
    private int _generation;

    /// <summary>Makes a supervisor.</summary>
    public static Props Props(BackoffOptions options) => Actor.Props.Create<BackoffSupervisor>(options);

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => options.Strategy ?? base.SupervisorStrategy();

    /// <inheritdoc />
    protected override void PreStart() => StartChild();

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Terminated terminated when terminated.ActorRef.Equals(_child):
                OnChildGone();
                break;
            case StartAgain:
                StartChild();
                break;
            case ResetCount reset:
                _restarts = reset.Generation == _generation ? 0 : _restarts;
                break;
            default:
                Pass(message);
                break;
        }
    }

    private void Pass(object message)
    {
        if (_child is not { } child)
        {
            Context.System.DeadLetters.Tell(new Event.DeadLetter(message, Sender, Self), Sender);
            return;
        }

        (Sender.Equals(child) ? Context.Parent : child).Tell(message, Sender);
    }

    private void StartChild()
    {
        _generation++;
        _child = Context.Watch(Context.ActorOf(options.Child, options.Name));
        if (_restarts > 0)
        {
            After(options.Min, new ResetCount(_generation));
        }
    }

    private void OnChildGone()
    {
        _child = null;
        if (options.Retries >= 0 && _restarts >= options.Retries)
        {
            Context.Stop(Self);
            return;
        }

        double factor = _restarts >= 30 ? double.MaxValue : Math.ScaleB(1.0, _restarts);
        double seconds = Math.Min(options.Max.TotalSeconds, options.Min.TotalSeconds * factor);
        _restarts++;
        After(TimeSpan.FromSeconds(seconds * (1 + (Draw() * options.Jitter))), new StartAgain());
    }

    private void After(TimeSpan delay, object message)
    {
        IActorRef self = Self;
        _ = Cell.System.Time.CreateTimer(_ => self.Tell(message, self), null, delay, Timeout.InfiniteTimeSpan);
    }

    private double Draw()
    {
        ulong x = ((ulong)Self.Path.Uid * 0x9E3779B97F4A7C15UL) + (ulong)_restarts;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return ((x ^ (x >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    private sealed record StartAgain;

    private sealed record ResetCount(int Generation);
}
