namespace Olmo.Actors.Collectives;

/// <summary>What ended a mesh. The numbers travel in the frame of an aborting peer and are never reused.</summary>
public enum MeshErrorKind
{
    /// <summary>Its owner called <see cref="IMesh.Abort"/>.</summary>
    Aborted = 1,

    /// <summary>Its owner disposed it; nothing was wrong.</summary>
    Closed = 2,

    /// <summary>The peer's connection ended without a word: its process died.</summary>
    PeerLost = 3,

    /// <summary>The peer said that it aborts or closes.</summary>
    PeerAborted = 4,

    /// <summary>Nothing, not even a heartbeat, was heard of the peer for the silence timeout.</summary>
    PeerSilent = 5,

    /// <summary>An operation took longer than the operation timeout.</summary>
    OperationTimeout = 6,

    /// <summary>A checksum differs: bits were flipped on the way.</summary>
    Corruption = 7,

    /// <summary>The peer sent what the protocol does not allow: wrong magic, version, generation, number, or a length above its limit.</summary>
    Protocol = 8,

    /// <summary>Members of a group called different operations, sizes or members.</summary>
    Mismatch = 9,

    /// <summary>The handler threw.</summary>
    Handler = 10,

    /// <summary>A handler posted to a queue that is full.</summary>
    QueueFull = 11,

    /// <summary>A connection could not be made: refused, not authenticated, or the deadline passed.</summary>
    Handshake = 12,
}
