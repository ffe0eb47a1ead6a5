using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Dispatch;

/// <summary>
/// An asynchronous handler of one message, as the synchronization context that its awaits capture: continuations come back through the
/// actor's system queue. Detached, they run on the pool without a context.
/// </summary>
internal sealed class AwaitingHandler(ActorCell cell, object? message, IActorRef? sender) : SynchronizationContext
{
    private volatile bool _detached;
    private ITimer? _grace;

    public object? Message { get; } = message;

    public IActorRef? Sender { get; } = sender;

    public override void Post(SendOrPostCallback d, object? state)
    {
        SystemMessage.HandlerContinuation continuation = new(this, d, state);
        if (_detached)
        {
            RunDetached(continuation);
        }
        else
        {
            ((IInternalActorRef)cell.Self).SendSystemMessage(continuation);
        }
    }

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("Blocking on an actor's own handler would never end.");

    public override SynchronizationContext CreateCopy() => this;

    public Task RunInside(Func<Task> action)
    {
        SynchronizationContext? before = Current;
        SetSynchronizationContext(this);
        try
        {
            return action();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public void RunInside(SystemMessage.HandlerContinuation continuation)
    {
        SynchronizationContext? before = Current;
        SetSynchronizationContext(this);
        try
        {
            continuation.Callback(continuation.State);
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public void RunDetached(SystemMessage.HandlerContinuation continuation)
    {
        _detached = true;
        ThreadPool.UnsafeQueueUserWorkItem(static c => c.Callback(c.State), continuation, preferLocal: false);
    }

    public void Detach() => _detached = true;

    public void NotifyEnd(Task task) => task.ContinueWith(
        static (ended, state) =>
        {
            AwaitingHandler handler = (AwaitingHandler)state!;
            handler.End(ended);
        },
        this,
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    public void StartGrace(TimeSpan grace)
    {
        if (grace == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        _grace = cell.SystemImpl.NewTimer(static state => ((AwaitingHandler)state!).GraceOver(), this);
        _grace.Change(grace, Timeout.InfiniteTimeSpan);
    }

    private void GraceOver() => ((IInternalActorRef)cell.Self).SendSystemMessage(new SystemMessage.GraceExpired(this));

    private void End(Task ended)
    {
        _grace?.Dispose();
        Exception? failure = ended.IsCanceled ? new TaskCanceledException(ended) : ended.Exception?.InnerException;
        ((IInternalActorRef)cell.Self).SendSystemMessage(new SystemMessage.HandlerEnded(this, failure));
    }
}
