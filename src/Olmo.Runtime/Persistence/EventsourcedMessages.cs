using Olmo.Runtime.Actor;
using Olmo.Runtime.Event;

namespace Olmo.Runtime.Persistence;

/// <summary>What an event-sourced actor tells itself; those of an earlier incarnation have no effect.</summary>
internal abstract record EventsourcedMessage(string Instance) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

/// <summary>The id is claimed and the snapshot is loaded.</summary>
internal sealed record RecoveryOpened(string Instance, long Highest, SnapshotOffer? Snapshot) : EventsourcedMessage(Instance);

/// <summary>The next events; an empty list ends the replay.</summary>
internal sealed record RecoveryEvents(string Instance, IReadOnlyList<(long Number, object Event)> Events) : EventsourcedMessage(Instance);

internal sealed record RecoveryFailed(string Instance, Exception Cause) : EventsourcedMessage(Instance);

/// <summary>Every event up to a number is durable.</summary>
internal sealed record EventsWritten(string Instance, long UpTo) : EventsourcedMessage(Instance);

internal sealed record WriteFailed(string Instance, Exception Cause) : EventsourcedMessage(Instance);

/// <summary>A <see cref="Actor.Terminated"/> that had to wait: the cell hands out one of those once, and would drop it now.</summary>
internal sealed record DelayedTermination(Terminated Terminated) : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    public static Envelope Wrap(Envelope envelope) =>
        envelope.Message is Terminated terminated ? new Envelope(new DelayedTermination(terminated), envelope.Sender) : envelope;
}

/// <summary>An event, or a deferred call, that waits for its handler.</summary>
/// <param name="SequenceNr">Number; 0 for a deferred call.</param>
/// <param name="Event">What the handler gets.</param>
/// <param name="Handle">The handler.</param>
/// <param name="Envelope">The command that caused it: its sender is the sender in the handler.</param>
/// <param name="Stashes">Whether commands wait for it.</param>
/// <param name="Rejected">Why it was refused before anything was written; null where it was not.</param>
internal sealed record PendingInvocation(long SequenceNr, object Event, Action<object> Handle, Envelope Envelope, bool Stashes, Exception? Rejected);
