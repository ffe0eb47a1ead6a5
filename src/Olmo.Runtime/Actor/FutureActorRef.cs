using Olmo.Runtime.Dispatch;

namespace Olmo.Runtime.Actor;

/// <summary>
/// A temporary ref that waits for one answer. It lives under <c>/temp</c> until the answer, the timeout or the cancellation; what comes
/// later is a dead letter. Continuations of its task never run on the answering thread.
/// </summary>
internal sealed class FutureActorRef<T> : MinimalActorRef
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly HashSet<IInternalActorRef> _watchers = [];
    private readonly TimeSpan _timeout;
    private ITimer? _timer;
    private CancellationTokenRegistration _cancellation;
    private bool _over;

    private FutureActorRef(ActorSystemImpl system, TimeSpan timeout)
        : base(system, system.NextTemporaryPath()) => _timeout = timeout;

    public Task<T> Answer => _answer.Task;

    public override bool IsTerminated => _answer.Task.IsCompleted;

    public static FutureActorRef<T> Start(ActorSystemImpl system, TimeSpan timeout, CancellationToken cancellation)
    {
        FutureActorRef<T> future = new(system, timeout);
        system.RegisterTemporary(future);
        if (timeout != Timeout.InfiniteTimeSpan)
        {
            future._timer = system.NewTimer(static state => ((FutureActorRef<T>)state!).TimedOut(), future);
            future._timer.Change(timeout, Timeout.InfiniteTimeSpan);
        }

        if (cancellation.CanBeCanceled)
        {
            future._cancellation = cancellation.UnsafeRegister(static (state, token) => ((FutureActorRef<T>)state!).Cancelled(token), future);
        }

        return future;
    }

    public override void SendSystemMessage(SystemMessage message)
    {
        switch (message)
        {
            case SystemMessage.Watch watch when watch.Watchee.Equals(this):
                lock (_gate)
                {
                    if (!_over)
                    {
                        _watchers.Add(watch.Watcher);
                        return;
                    }
                }

                watch.Watcher.SendSystemMessage(new SystemMessage.DeathWatchNotification(this, ExistenceConfirmed: true, AddressTerminated: false));
                break;
            case SystemMessage.Unwatch unwatch when unwatch.Watchee.Equals(this):
                lock (_gate)
                {
                    _watchers.Remove(unwatch.Watcher);
                }

                break;
            case SystemMessage.DeathWatchNotification death:
                Deliver(new Terminated(death.Actor, death.ExistenceConfirmed, death.AddressTerminated), death.Actor);
                break;
            default:
                base.SendSystemMessage(message);
                break;
        }
    }

    protected override void Deliver(object message, IActorRef? sender)
    {
        bool first = message switch
        {
            T answer => _answer.TrySetResult(answer),
            Status.Failure failure => _answer.TrySetException(failure.Cause ?? new TaskCanceledException("Status.Failure without a cause.")),
            _ => _answer.TrySetException(new ArgumentException(
                $"Received message of type [{message.GetType()}] - Ask expected message of type [{typeof(T)}].")),
        };
        if (first)
        {
            End();
        }
        else
        {
            System.DeadLetterMailbox.Publish(message, sender, this);
        }
    }

    private void TimedOut()
    {
        if (_answer.TrySetException(new AskTimeoutException($"No answer to {Path} within {_timeout}.")))
        {
            End();
        }
    }

    private void Cancelled(CancellationToken token)
    {
        if (_answer.TrySetCanceled(token))
        {
            End();
        }
    }

    private void End()
    {
        System.UnregisterTemporary(Path);
        _timer?.Dispose();
        _cancellation.Unregister();
        IInternalActorRef[] watchers;
        lock (_gate)
        {
            _over = true;
            watchers = [.. _watchers];
        }

        foreach (IInternalActorRef watcher in watchers)
        {
            watcher.SendSystemMessage(new SystemMessage.DeathWatchNotification(this, ExistenceConfirmed: true, AddressTerminated: false));
        }
    }
}
