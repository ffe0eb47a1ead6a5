namespace Olmo.Actors.Collectives;

/// <summary>Why a connection was refused. The numbers travel on the wire and are never reused.</summary>
public enum RefusalReason
{
    /// <summary>What came is no handshake.</summary>
    Protocol = 1,

    /// <summary>Another version of the handshake.</summary>
    Version = 2,

    /// <summary>Another run.</summary>
    Run = 3,

    /// <summary>A generation that has ended; the detail is the newest that the listener knows.</summary>
    Generation = 4,

    /// <summary>The connection is for somebody else, or that position is connected already.</summary>
    Position = 5,

    /// <summary>The proof does not fit the secret of the generation.</summary>
    Secret = 6,

    /// <summary>Too many connections are not authenticated yet; trying again helps.</summary>
    Busy = 7,

    /// <summary>The connection ended, or its deadline passed, before it was authenticated.</summary>
    Unfinished = 8,
}
