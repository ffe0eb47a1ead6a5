using Olmo.Runtime.Actor;

namespace Olmo.Runtime.Persistence;

/// <summary>The events up to a number are deleted; the numbers stay used.</summary>
public sealed class DeleteMessagesSuccess(long toSequenceNr)
{
    public long ToSequenceNr { get; } = toSequenceNr;

    public override string ToString() => $"DeleteMessagesSuccess<{ToSequenceNr}>";
}

/// <summary>The events were not deleted, or it is unknown whether they were.</summary>
public sealed class DeleteMessagesFailure(Exception cause, long toSequenceNr)
{
    public Exception Cause { get; } = cause;

    public long ToSequenceNr { get; } = toSequenceNr;

    public override string ToString() => $"DeleteMessagesFailure<{ToSequenceNr}, {Cause.Message}>";
}

/// <summary>How far an actor recovers.</summary>
public sealed class Recovery
{
    public Recovery()
        : this(null)
    {
    }

    public Recovery(SnapshotSelectionCriteria? fromSnapshot = null, long toSequenceNr = long.MaxValue, long replayMax = long.MaxValue)
    {
        FromSnapshot = fromSnapshot ?? SnapshotSelectionCriteria.Latest;
        ToSequenceNr = toSequenceNr;
        ReplayMax = replayMax;
    }

    /// <summary>From the newest snapshot to the last event.</summary>
    public static Recovery Default { get; } = new();

    /// <summary>Neither snapshot nor events; numbers go on after the highest.</summary>
    public static Recovery None { get; } = new(SnapshotSelectionCriteria.None, 0);

    public SnapshotSelectionCriteria FromSnapshot { get; }

    public long ReplayMax { get; }

    public long ToSequenceNr { get; }
}

/// <summary>Neither snapshot nor event came within the time of <c>recovery-event-timeout</c>.</summary>
public sealed class RecoveryTimedOutException : AkkaException
{
    public RecoveryTimedOutException()
    {
    }

    public RecoveryTimedOutException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}

/// <summary>What happens to a command that does not fit the stash of commands that wait for a write or for the recovery.</summary>
public interface IStashOverflowStrategy;

/// <summary>The actor fails with a <see cref="StashOverflowException"/>.</summary>
public class ThrowOverflowExceptionStrategy : IStashOverflowStrategy
{
    private ThrowOverflowExceptionStrategy()
    {
    }

    public static ThrowOverflowExceptionStrategy Instance { get; } = new();
}

/// <summary>The command goes to the dead letters.</summary>
public class DiscardToDeadLetterStrategy : IStashOverflowStrategy
{
    private DiscardToDeadLetterStrategy()
    {
    }

    public static DiscardToDeadLetterStrategy Instance { get; } = new();
}

/// <summary>The sender gets an answer, and the command is dropped.</summary>
public sealed class ReplyToStrategy(object response) : IStashOverflowStrategy
{
    public object Response { get; } = response;
}
