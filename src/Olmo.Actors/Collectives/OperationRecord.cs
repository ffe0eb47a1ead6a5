namespace Olmo.Actors.Collectives;

/// <summary>One operation between two ranks, as one of them saw it.</summary>
/// <param name="Number">Messages: number in its direction. Collectives: number among the group's. Point to point in a group: number in its direction.</param>
/// <param name="Kind">What it was.</param>
/// <param name="Direction">To or from the peer.</param>
/// <param name="Group">Group; -1 for messages.</param>
/// <param name="Label">Kind of the message, or tag.</param>
/// <param name="Bytes">Payload bytes; -1 where not known yet.</param>
/// <param name="State">How far it came.</param>
/// <param name="Started">When it began here.</param>
/// <param name="Ended">When it was done.</param>
public sealed record OperationRecord(
    long Number,
    OperationKind Kind,
    OperationDirection Direction,
    int Group,
    int Label,
    long Bytes,
    OperationState State,
    DateTimeOffset Started,
    DateTimeOffset? Ended);

/// <summary>What an operation was. The numbers travel in the header of group messages.</summary>
public enum OperationKind
{
    /// <summary>Message for a handler.</summary>
    Message = 1,

    /// <summary>Send and receive inside a group.</summary>
    PointToPoint = 2,

    /// <summary>Nobody passes before all have come.</summary>
    Barrier = 3,

    /// <summary>Everybody gets everybody's bytes.</summary>
    AllGather = 4,

    /// <summary>Everybody gets its own part of everybody's bytes.</summary>
    AllToAll = 5,
}

/// <summary>Which way the bytes go.</summary>
public enum OperationDirection
{
    /// <summary>To the peer.</summary>
    Out = 1,

    /// <summary>From the peer.</summary>
    In = 2,
}

/// <summary>How far an operation came.</summary>
public enum OperationState
{
    /// <summary>Out: posted, not yet written. In: not used.</summary>
    Queued = 1,

    /// <summary>Out: being written. In: being awaited, or inside the handler.</summary>
    Active = 2,

    /// <summary>Out: its bytes have left. In: received.</summary>
    Done = 3,
}
