namespace Olmo.Runtime.Actor;

/// <summary>What becomes of a child that failed.</summary>
public enum Directive
{
    /// <summary>Skip the message, keep the state.</summary>
    Resume = 0,

    /// <summary>A new instance, the rest of the mailbox stays.</summary>
    Restart = 1,

    /// <summary>The parent itself fails with the exception.</summary>
    Escalate = 2,

    Stop = 3,
}

/// <summary>How a parent treats failing children.</summary>
public abstract class SupervisorStrategy
{
    /// <summary>Initialization, kill and death-pact exceptions stop, everything else restarts.</summary>
    public static readonly IDecider DefaultDecider = Actor.Decider.From(static cause => cause switch
    {
        ActorInitializationException or ActorKilledException or DeathPactException => Directive.Stop,
        _ => Directive.Restart,
    });

    /// <summary>One for one, unlimited restarts, <see cref="DefaultDecider"/>.</summary>
    public static readonly SupervisorStrategy DefaultStrategy = new OneForOneStrategy(DefaultDecider);

    /// <summary>One for one, every failure stops.</summary>
    public static readonly OneForOneStrategy StoppingStrategy = new(static _ => Directive.Stop);

    private protected SupervisorStrategy()
    {
    }

    public abstract IDecider Decider { get; }

    protected bool LoggingEnabled { get; set; } = true;

    /// <summary>Applies the decider's directive; false asks the caller to escalate.</summary>
    internal bool HandleFailure(ActorCell parent, IInternalActorRef child, Exception cause, ChildRestartStats stats, IReadOnlyCollection<ChildRestartStats> children)
    {
        Directive directive = Handle(child, cause);
        switch (directive)
        {
            case Directive.Escalate:
                LogFailure(parent, child, cause, directive);
                return false;
            case Directive.Resume:
                LogFailure(parent, child, cause, directive);
                ResumeChild(child, cause);
                return true;
            case Directive.Restart:
                LogFailure(parent, child, cause, directive);
                parent.SystemImpl.Instruments.Restart(cause);
                ProcessFailure(parent, true, child, cause, stats, children);
                return true;
            case Directive.Stop:
                LogFailure(parent, child, cause, directive);
                ProcessFailure(parent, false, child, cause, stats, children);
                return true;
            default:
                throw new ArgumentOutOfRangeException(nameof(cause), directive, "The decider returned an unknown directive.");
        }
    }

    internal abstract void ProcessFailure(ActorCell parent, bool restart, IInternalActorRef child, Exception cause, ChildRestartStats stats, IReadOnlyCollection<ChildRestartStats> children);

    protected abstract Directive Handle(IActorRef child, Exception exception);

    /// <summary>Resume warns, Restart and Stop are errors, Escalate logs nothing.</summary>
    protected virtual void LogFailure(IActorContext context, IActorRef child, Exception cause, Directive directive)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(child);
        ArgumentNullException.ThrowIfNull(cause);
        if (!LoggingEnabled || directive == Directive.Escalate)
        {
            return;
        }

        string message = cause is ActorInitializationException { InnerException: { } inner } ? inner.Message : cause.Message;
        ((ActorSystemImpl)context.System).LogOf(child.Path.ToString(), GetType())
            .Write(directive == Directive.Resume ? Event.LogLevel.WarningLevel : Event.LogLevel.ErrorLevel, directive == Directive.Resume ? null : cause, message);
    }

    protected void ResumeChild(IActorRef child, Exception exception) =>
        ((IInternalActorRef)child).SendSystemMessage(new Dispatch.SystemMessage.Resume(exception));

    protected void RestartChild(IActorRef child, Exception cause, bool suspendFirst)
    {
        IInternalActorRef target = (IInternalActorRef)child;
        if (suspendFirst)
        {
            target.SendSystemMessage(new Dispatch.SystemMessage.Suspend());
        }

        target.SendSystemMessage(new Dispatch.SystemMessage.Recreate(cause));
    }

    private protected static TimeSpan? Window(int milliseconds) => milliseconds < 0 ? null : TimeSpan.FromMilliseconds(milliseconds);

    private protected static int Milliseconds(TimeSpan? window) => window is { } w && w != Timeout.InfiniteTimeSpan ? checked((int)w.TotalMilliseconds) : -1;
}

/// <summary>Only the child that failed is treated.</summary>
public class OneForOneStrategy : SupervisorStrategy
{
    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
        : this(maxNrOfRetries ?? -1, Milliseconds(withinTimeRange), Actor.Decider.From(localOnlyDecider))
    {
    }

    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, IDecider decider)
        : this(maxNrOfRetries ?? -1, Milliseconds(withinTimeRange), decider)
    {
    }

    public OneForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(maxNrOfRetries, withinTimeMilliseconds, Actor.Decider.From(localOnlyDecider), loggingEnabled)
    {
    }

    public OneForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, IDecider decider, bool loggingEnabled = true)
    {
        ArgumentNullException.ThrowIfNull(decider);
        MaxNumberOfRetries = maxNrOfRetries;
        WithinTimeRangeMilliseconds = withinTimeMilliseconds;
        Decider = decider;
        LoggingEnabled = loggingEnabled;
    }

    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(-1, -1, localOnlyDecider)
    {
    }

    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(-1, -1, localOnlyDecider, loggingEnabled)
    {
    }

    public OneForOneStrategy(IDecider decider)
        : this(-1, -1, decider)
    {
    }

    public override IDecider Decider { get; }

    /// <summary>Restarts allowed, per window where there is one; negative for no limit.</summary>
    public int MaxNumberOfRetries { get; }

    /// <summary>Window of the count; negative for the child's whole life.</summary>
    public int WithinTimeRangeMilliseconds { get; }

    public OneForOneStrategy WithMaxNrOfRetries(int maxNrOfRetries) => new(maxNrOfRetries, WithinTimeRangeMilliseconds, Decider, LoggingEnabled);

    protected override Directive Handle(IActorRef child, Exception exception) => Decider.Decide(exception);

    internal override void ProcessFailure(ActorCell parent, bool restart, IInternalActorRef child, Exception cause, ChildRestartStats stats, IReadOnlyCollection<ChildRestartStats> children)
    {
        if (restart && stats.RequestRestartPermission(MaxNumberOfRetries, Window(WithinTimeRangeMilliseconds), parent.SystemImpl.Scheduler.MonotonicClock))
        {
            RestartChild(child, cause, suspendFirst: false);
        }
        else
        {
            parent.Stop(child);
        }
    }
}

/// <summary>All children share the verdict on one.</summary>
public class AllForOneStrategy : SupervisorStrategy
{
    public AllForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
        : this(maxNrOfRetries ?? -1, Milliseconds(withinTimeRange), Actor.Decider.From(localOnlyDecider))
    {
    }

    public AllForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, IDecider decider)
        : this(maxNrOfRetries ?? -1, Milliseconds(withinTimeRange), decider)
    {
    }

    public AllForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(maxNrOfRetries, withinTimeMilliseconds, Actor.Decider.From(localOnlyDecider), loggingEnabled)
    {
    }

    public AllForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, IDecider decider, bool loggingEnabled = true)
    {
        ArgumentNullException.ThrowIfNull(decider);
        MaxNumberOfRetries = maxNrOfRetries;
        WithinTimeRangeMilliseconds = withinTimeMilliseconds;
        Decider = decider;
        LoggingEnabled = loggingEnabled;
    }

    public AllForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(-1, -1, localOnlyDecider)
    {
    }

    public AllForOneStrategy(IDecider decider)
        : this(-1, -1, decider)
    {
    }

    public override IDecider Decider { get; }

    /// <summary>Restarts allowed of each child, per window where there is one; negative for no limit.</summary>
    public int MaxNumberOfRetries { get; }

    /// <summary>Window of the count; negative for the child's whole life.</summary>
    public int WithinTimeRangeMilliseconds { get; }

    protected override Directive Handle(IActorRef child, Exception exception) => Decider.Decide(exception);

    internal override void ProcessFailure(ActorCell parent, bool restart, IInternalActorRef child, Exception cause, ChildRestartStats stats, IReadOnlyCollection<ChildRestartStats> children)
    {
        TimeSpan now = parent.SystemImpl.Scheduler.MonotonicClock;

        // Asks in order and stops at the first refusal: siblings before it have used up a retry.
        bool allowed = restart && children.All(c => c.RequestRestartPermission(MaxNumberOfRetries, Window(WithinTimeRangeMilliseconds), now));
        foreach (ChildRestartStats each in children)
        {
            if (allowed)
            {
                RestartChild(each.Child, cause, suspendFirst: !each.Child.Equals(child));
            }
            else
            {
                parent.Stop(each.Child);
            }
        }
    }
}
