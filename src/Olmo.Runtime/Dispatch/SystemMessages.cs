using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Dispatch;

/// <summary>A message of the runtime to a cell; it overtakes user messages.</summary>
internal abstract class SystemMessage
{
    /// <summary>What a place without a living actor answers: a watch is told at once that nothing lives here; the rest has no effect.</summary>
    public static void AnswerForNobody(SystemMessage message)
    {
        switch (message)
        {
            case Watch watch when !watch.Watcher.Equals(watch.Watchee):
                watch.Watcher.SendSystemMessage(new DeathWatchNotification(watch.Watchee, ExistenceConfirmed: false, AddressTerminated: false));
                break;
            case HandlerContinuation continuation:
                continuation.Handler.RunDetached(continuation);
                break;
        }
    }

    internal sealed class Create : SystemMessage;

    internal sealed class Suspend : SystemMessage;

    internal sealed class Resume(Exception? causedByFailure) : SystemMessage
    {
        public Exception? CausedByFailure { get; } = causedByFailure;
    }

    internal sealed class Recreate(Exception cause) : SystemMessage
    {
        public Exception Cause { get; } = cause;
    }

    internal sealed class Terminate : SystemMessage;

    internal sealed class Watch(IInternalActorRef watchee, IInternalActorRef watcher) : SystemMessage
    {
        public IInternalActorRef Watchee { get; } = watchee;

        public IInternalActorRef Watcher { get; } = watcher;
    }

    internal sealed class Unwatch(IInternalActorRef watchee, IInternalActorRef watcher) : SystemMessage
    {
        public IInternalActorRef Watchee { get; } = watchee;

        public IInternalActorRef Watcher { get; } = watcher;
    }

    /// <summary>A child failed and waits suspended for the parent's verdict.</summary>
    internal sealed class Failed(IInternalActorRef child, Exception cause, long uid) : SystemMessage
    {
        public IInternalActorRef Child { get; } = child;

        public Exception Cause { get; } = cause;

        public long Uid { get; } = uid;
    }

    internal sealed class DeathWatchNotification(IActorRef Actor, bool ExistenceConfirmed, bool AddressTerminated) : SystemMessage
    {
        public IActorRef Actor { get; } = Actor;

        public bool ExistenceConfirmed { get; } = ExistenceConfirmed;

        public bool AddressTerminated { get; } = AddressTerminated;
    }

    /// <summary>A continuation of an awaiting handler.</summary>
    internal sealed class HandlerContinuation(AwaitingHandler handler, SendOrPostCallback callback, object? state) : SystemMessage
    {
        public AwaitingHandler Handler { get; } = handler;

        public SendOrPostCallback Callback { get; } = callback;

        public object? State { get; } = state;
    }

    /// <summary>An awaiting handler's task has ended.</summary>
    internal sealed class HandlerEnded(AwaitingHandler handler, Exception? failure) : SystemMessage
    {
        public AwaitingHandler Handler { get; } = handler;

        public Exception? Failure { get; } = failure;
    }

    /// <summary>The grace that a deferred stop or restart gives to an awaiting handler has passed.</summary>
    internal sealed class GraceExpired(AwaitingHandler handler) : SystemMessage
    {
        public AwaitingHandler Handler { get; } = handler;
    }
}
