namespace Olmo.Runtime.Actor;

/// <summary>An actor whose <see cref="OnReceive"/> counts as handling every message that it does not pass to Unhandled.</summary>
public abstract class UntypedActor : ActorBase
{
    protected static new IUntypedActorContext Context => RunningCell;

    protected abstract void OnReceive(object message);

    protected sealed override bool Receive(object message)
    {
        OnReceive(message);
        return true;
    }

    protected void Become(UntypedReceive receive) => Context.Become(receive);

    protected void BecomeStacked(UntypedReceive receive) => Context.BecomeStacked(receive);

    protected void RunTask(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        RunningCell.RunTask(() =>
        {
            action();
            return Task.CompletedTask;
        });
    }

    /// <summary>Runs an asynchronous handler: until it ends user messages wait, system messages do not.</summary>
    protected void RunTask(Func<Task> action) => RunningCell.RunTask(action);
}
