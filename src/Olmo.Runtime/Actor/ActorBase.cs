namespace Olmo.Runtime.Actor;

/// <summary>Base of every actor: handles one message at a time.</summary>
public abstract class ActorBase
{
    private readonly ActorCell _cell;

    /// <summary>Made by the runtime alone.</summary>
    /// <exception cref="InvalidOperationException">Made by somebody else.</exception>
    protected ActorBase()
    {
        _cell = ActorCell.Current ?? throw new InvalidOperationException($"Actor [{GetType()}] must be made by Props and ActorOf.");
        _cell.Adopt(this);
    }

    /// <summary>What the actor sees of the runtime; only on its own turn.</summary>
    protected static IActorContext Context =>
        ActorCell.Current ?? throw new NotSupportedException("There is no active ActorContext: this is most likely due to use of async operations from within this actor.");

    /// <summary>This actor.</summary>
    protected IActorRef Self => _cell.Self;

    /// <summary>Who sent the current message.</summary>
    protected IActorRef Sender => _cell.Sender;

    internal ActorCell Cell => _cell;

    /// <summary>Handles a message; false if it does not.</summary>
    protected abstract bool Receive(object message);

    /// <summary>Wraps the handling of every message.</summary>
    protected internal virtual bool AroundReceive(Receive receive, object message)
    {
        ArgumentNullException.ThrowIfNull(receive);
        bool handled = receive(message);
        if (!handled)
        {
            Unhandled(message);
        }

        return handled;
    }

    /// <summary>A message that no handler took: published; a death that nobody handled is fatal.</summary>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated dead)
        {
            throw new DeathPactException(dead.ActorRef);
        }

        _cell.System.EventStream.Publish(new Event.UnhandledMessage(message, Sender, Self));
    }

    /// <summary>Replaces the behaviour on top.</summary>
    protected void Become(Receive receive) => _cell.Become(receive);

    /// <summary>Pushes a behaviour.</summary>
    protected void BecomeStacked(Receive receive) => _cell.BecomeStacked(receive);

    /// <summary>Pops a behaviour.</summary>
    protected void UnbecomeStacked() => _cell.UnbecomeStacked();

    /// <summary>See <see cref="IActorContext.SetReceiveTimeout"/>.</summary>
    protected void SetReceiveTimeout(TimeSpan? timeout) => _cell.SetReceiveTimeout(timeout);

    /// <summary>How children are supervised.</summary>
    protected virtual SupervisorStrategy SupervisorStrategy() => Actor.SupervisorStrategy.DefaultStrategy;

    /// <summary>Called before the first message.</summary>
    protected virtual void PreStart()
    {
    }

    /// <summary>Called once when the actor has stopped.</summary>
    protected virtual void PostStop()
    {
    }

    /// <summary>Called on the old instance before a restart: by default stops every child and calls <see cref="PostStop"/>.</summary>
    protected virtual void PreRestart(Exception reason, object? message)
    {
        foreach (IActorRef child in Context.GetChildren())
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        PostStop();
    }

    /// <summary>Called on the new instance after a restart: by default calls <see cref="PreStart"/>.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    internal bool InvokeReceive(object message) => Receive(message);

    internal SupervisorStrategy InvokeSupervisorStrategy() => SupervisorStrategy();

    public virtual void AroundPreStart() => PreStart();

    public virtual void AroundPostStop() => PostStop();

    public virtual void AroundPreRestart(Exception cause, object? message) => PreRestart(cause, message);

    public virtual void AroundPostRestart(Exception cause, object? message) => PostRestart(cause);
}

/// <summary>An actor with one method for all messages.</summary>
public abstract class UntypedActor : ActorBase
{
    /// <inheritdoc />
    protected sealed override bool Receive(object message)
    {
        OnReceive(message);
        return true;
    }

    /// <summary>Handles a message; calls <see cref="ActorBase.Unhandled"/> for what it does not know.</summary>
    protected abstract void OnReceive(object message);
}
