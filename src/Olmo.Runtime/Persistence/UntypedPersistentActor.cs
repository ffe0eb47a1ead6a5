using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Persistence;

/// <summary>An event-sourced actor whose handlers count as handling every message that they do not pass to Unhandled.</summary>
public abstract class UntypedPersistentActor : Eventsourced
{
    /// <summary>The running actor's context.</summary>
    protected static new IUntypedActorContext Context => RunningCell;

    /// <inheritdoc />
    protected sealed override bool Receive(object message) => ReceiveCommand(message);

    /// <inheritdoc />
    protected sealed override bool ReceiveCommand(object message)
    {
        OnCommand(message);
        return true;
    }

    /// <inheritdoc />
    protected sealed override bool ReceiveRecover(object message)
    {
        OnRecover(message);
        return true;
    }

    /// <summary>Handles a command.</summary>
    protected abstract void OnCommand(object message);

    /// <summary>Handles a snapshot offer, a replayed event or <see cref="RecoveryCompleted"/>.</summary>
    protected abstract void OnRecover(object message);

    protected void Become(UntypedReceive receive) => Context.Become(receive);

    protected void BecomeStacked(UntypedReceive receive) => Context.BecomeStacked(receive);
}
