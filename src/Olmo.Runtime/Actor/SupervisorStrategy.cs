namespace Olmo.Runtime.Actor;

/// <summary>What a parent does with a child that failed.</summary>
public enum Directive
{
    /// <summary>The child goes on; the message that failed is skipped.</summary>
    Resume = 0,

    /// <summary>The child is made anew; its mailbox stays.</summary>
    Restart = 1,

    /// <summary>The parent fails itself.</summary>
    Escalate = 2,

    /// <summary>The child is stopped.</summary>
    Stop = 3,
}

/// <summary>How an actor supervises its children.</summary>
public abstract class SupervisorStrategy
{
    /// <summary>Decides as the default does: Stop for failures of initialisation, Kill and death pacts, Restart for the rest.</summary>
    public static readonly SupervisorStrategy DefaultStrategy = new OneForOneStrategy(DefaultDecide);

    /// <summary>Stops whoever fails.</summary>
    public static readonly SupervisorStrategy StoppingStrategy = new OneForOneStrategy(_ => Directive.Stop);

    /// <summary>What to do with a failure.</summary>
    protected abstract Directive Handle(IActorRef child, Exception exception);

    internal abstract int MaxRetries { get; }

    internal abstract TimeSpan? Window { get; }

    internal abstract bool AllForOne { get; }

    internal Directive Decide(IActorRef child, Exception exception) => Handle(child, exception);

    internal static Directive DefaultDecide(Exception exception) =>
        exception is ActorInitializationException or ActorKilledException or DeathPactException ? Directive.Stop : Directive.Restart;
}

/// <summary>Acts on the child that failed alone.</summary>
public sealed class OneForOneStrategy : SupervisorStrategy
{
    private readonly Func<Exception, Directive> _decide;

    /// <summary>Restarts without limit.</summary>
    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(null, null, localOnlyDecider)
    {
    }

    /// <summary>Allows a number of restarts in a window; -1 or null: without limit.</summary>
    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
    {
        ArgumentNullException.ThrowIfNull(localOnlyDecider);
        _decide = localOnlyDecider;
        MaxRetries = maxNrOfRetries ?? -1;
        Window = withinTimeRange is { } w && w > TimeSpan.Zero ? w : null;
    }

    internal override int MaxRetries { get; }

    internal override TimeSpan? Window { get; }

    internal override bool AllForOne => false;

    /// <inheritdoc />
    protected override Directive Handle(IActorRef child, Exception exception) => _decide(exception);
}

/// <summary>Acts on every child when one fails.</summary>
public sealed class AllForOneStrategy : SupervisorStrategy
{
    private readonly Func<Exception, Directive> _decide;

    /// <summary>Restarts without limit.</summary>
    public AllForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(null, null, localOnlyDecider)
    {
    }

    /// <summary>Allows a number of restarts in a window; -1 or null: without limit.</summary>
    public AllForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
    {
        ArgumentNullException.ThrowIfNull(localOnlyDecider);
        _decide = localOnlyDecider;
        MaxRetries = maxNrOfRetries ?? -1;
        Window = withinTimeRange is { } w && w > TimeSpan.Zero ? w : null;
    }

    internal override int MaxRetries { get; }

    internal override TimeSpan? Window { get; }

    internal override bool AllForOne => true;

    /// <inheritdoc />
    protected override Directive Handle(IActorRef child, Exception exception) => _decide(exception);
}
