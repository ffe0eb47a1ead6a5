namespace Olmo.Runtime.Actor;

/// <summary>
/// Root of all actors: state and behaviour that one message at a time touches. Hooks run in the order constructor, PreStart; on a
/// restart PreRestart on the old and PostRestart on a new instance; on a stop PostStop.
/// </summary>
public abstract class ActorBase
{
    private Actor.SupervisorStrategy? _strategy;

    /// <exception cref="ActorInitializationException">The constructor was called by other code than the runtime.</exception>
    protected ActorBase()
    {
        Cell = ActorContextSlot.Current is { IsCreating: true } cell
            ? cell
            : throw new ActorInitializationException($"{GetType()} can only be made by ActorOf with Props: its constructor was called directly.");
        Cell.Become(InvokeReceive);
    }

    /// <summary>The running actor's context.</summary>
    /// <exception cref="NotSupportedException">The code does not run inside an actor, for example after ConfigureAwait(false).</exception>
    protected static IActorContext Context => RunningCell;

    protected static Receive EmptyReceive { get; } = static _ => false;

    protected IActorRef Self => Cell.Self;

    /// <summary>Sender of the message being handled; the dead letters where there is none.</summary>
    protected IActorRef Sender => Context.Sender;

    internal ActorCell Cell { get; }

    /// <summary>The strategy in force: the one on Props, else this actor's own.</summary>
    internal Actor.SupervisorStrategy Strategy => _strategy ??= Cell.Props.SupervisorStrategy ?? SupervisorStrategy();

    internal static ActorCell RunningCell => ActorContextSlot.Current
        ?? throw new NotSupportedException("There is no active actor context: it ends with the handler, and code after ConfigureAwait(false) or on another task has none.");

    public virtual void AroundPreStart() => PreStart();

    public virtual void AroundPostStop()
    {
        (this as IWithTimers)?.Timers?.CancelAll();
        PostStop();
    }

    public virtual void AroundPreRestart(Exception cause, object? message)
    {
        (this as IWithTimers)?.Timers?.CancelAll();
        PreRestart(cause, message);
    }

    public virtual void AroundPostRestart(Exception cause, object? message) => PostRestart(cause);

    internal bool InvokeAroundReceive(Receive receive, object message) => AroundReceive(receive, message);

    internal bool InvokeReceive(object message) => Receive(message);

    /// <summary>Intercepts each message before the behaviour.</summary>
    protected virtual bool AroundReceive(Receive receive, object message)
    {
        ArgumentNullException.ThrowIfNull(receive);
        if (!receive(message))
        {
            Unhandled(message);
        }

        return true;
    }

    /// <summary>The first behaviour: returns whether the message was handled.</summary>
    protected abstract bool Receive(object message);

    protected virtual void PreStart()
    {
    }

    protected virtual void PostStop()
    {
    }

    /// <summary>Called on the failed instance; by default unwatches and stops all children, then calls <see cref="PostStop"/>.</summary>
    protected virtual void PreRestart(Exception reason, object? message)
    {
        foreach (IActorRef child in Context.GetChildren())
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        PostStop();
    }

    /// <summary>Called on the new instance; by default calls <see cref="PreStart"/>.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    /// <summary>How this actor treats its children's failures.</summary>
    protected virtual Actor.SupervisorStrategy SupervisorStrategy() => Actor.SupervisorStrategy.DefaultStrategy;

    /// <summary>Publishes an <see cref="Event.UnhandledMessage"/>.</summary>
    /// <exception cref="DeathPactException">The message is a <see cref="Terminated"/>.</exception>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
        {
            throw new DeathPactException(terminated.ActorRef);
        }

        Cell.SystemImpl.EventStream.Publish(new Event.UnhandledMessage(message, Sender, Self));
    }

    protected void Become(Receive receive) => Context.Become(receive);

    protected void BecomeStacked(Receive receive) => Context.BecomeStacked(receive);

    protected void UnbecomeStacked() => Context.UnbecomeStacked();

    protected void SetReceiveTimeout(TimeSpan? timeout) => Context.SetReceiveTimeout(timeout);
}
