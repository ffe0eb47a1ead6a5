namespace Olmo.Runtime.Actor;

/// <summary>Messages of the runtime to a cell; they overtake user messages.</summary>
internal abstract record SystemMessage
{
    internal sealed record Create : SystemMessage;

    internal sealed record Stop : SystemMessage;

    internal sealed record Suspend : SystemMessage;

    internal sealed record Resume(Exception? CausedBy) : SystemMessage;

    internal sealed record Recreate(Exception Cause) : SystemMessage;

    internal sealed record Watch(InternalActorRef Watcher) : SystemMessage;

    internal sealed record Unwatch(InternalActorRef Watcher) : SystemMessage;

    internal sealed record DeathNotice(InternalActorRef Dead, bool ExistenceConfirmed) : SystemMessage;

    internal sealed record ChildFailed(ActorCell Child, Exception Cause, long Incarnation) : SystemMessage;

    internal sealed record ChildTerminated(ActorCell Child) : SystemMessage;

    internal sealed record TaskFinished(Task Work, Envelope Envelope, long Incarnation) : SystemMessage;

    internal sealed record Continuation(SendOrPostCallback Run, object? State, Envelope Envelope) : SystemMessage;

    internal sealed record GraceOver(long Incarnation) : SystemMessage;
}

/// <summary>A user message with its sender.</summary>
internal readonly record struct Envelope(object Message, IActorRef Sender);

/// <summary>A death that is queued behind the messages of the dead; dropped if it was unwatched meanwhile.</summary>
internal sealed record TerminatedNotice(IActorRef Dead, Terminated Message);
