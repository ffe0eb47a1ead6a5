namespace Olmo.Actors.Collectives;

/// <summary>
/// The ranks of one generation, each connected with each. It knows bytes, generations and deadlines, and knows no tensors. All members may be called from any
/// thread. After the first error, kept in <see cref="Error"/>, every call throws it as <see cref="MeshException"/> and every waiting call is released with it.
/// Messages to one peer arrive in the order in which they were given a number.
/// </summary>
public interface IMesh : IDisposable
{
    /// <summary>Generation whose bytes this mesh carries.</summary>
    long Generation { get; }

    /// <summary>Ranks of the generation.</summary>
    int Size { get; }

    /// <summary>Own position, 0 to <see cref="Size"/> - 1.</summary>
    int Self { get; }

    /// <summary>First error; null while the mesh works.</summary>
    MeshError? Error { get; }

    /// <summary>Raised once, after <see cref="Error"/> is set and all waiters are released; at once for who subscribes later.</summary>
    event Action<MeshError>? Failed;

    /// <summary>
    /// Sends a message and returns when its bytes have left (are with the operating system): header and payload may be touched again. Waits its turn behind posted
    /// messages. Never call it inside <see cref="IMeshHandler.OnMessage"/>, where it would keep a peer's messages from being read: use <see cref="Post"/> there.
    /// </summary>
    /// <param name="peer">Position of the receiver, not one's own.</param>
    /// <param name="kind">Meaning for the receiver's handler, below <see cref="MessageFrame.ReservedKinds"/>.</param>
    /// <param name="header">Small description; at most <see cref="MeshSettings.MaxHeaderBytes"/>.</param>
    /// <param name="payload">At most <see cref="MeshSettings.MaxPayloadBytes"/>.</param>
    /// <param name="check">Who protects the payload against flipped bits.</param>
    /// <exception cref="MeshException">The mesh has failed, or the peer did not take the bytes within the operation timeout.</exception>
    void Send(int peer, ushort kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, PayloadCheck check = PayloadCheck.Crc);

    /// <summary>
    /// Queues a message for the peer's sender thread. The header is copied; <b>the payload is not</b>: it must not change until <see cref="IsSent"/>. Waits while the
    /// peer's queue is full; inside <see cref="IMeshHandler.OnMessage"/> a full queue fails the mesh instead, because waiting there could be a deadlock.
    /// </summary>
    /// <returns>Number of the message among those to this peer, from 1, for <see cref="IsSent"/> and <see cref="WaitSent"/>.</returns>
    /// <exception cref="MeshException">The mesh has failed, or the queue stayed full for the operation timeout.</exception>
    long Post(int peer, ushort kind, ReadOnlySpan<byte> header, ReadOnlyMemory<byte> payload, PayloadCheck check = PayloadCheck.Crc);

    /// <summary>True once the bytes of the message with this number, and of all before it, have left.</summary>
    bool IsSent(int peer, long number);

    /// <summary>Waits until <see cref="IsSent"/>.</summary>
    /// <exception cref="MeshException">The mesh has failed, or the operation timeout has passed.</exception>
    void WaitSent(int peer, long number);

    /// <summary>A group of the mesh with collectives of its own. Every member makes it with the same id and the same members in the same order.</summary>
    /// <param name="id">Identity on the wire, 0 to <see cref="MeshGroup.MaxId"/>; one instance per id and mesh.</param>
    /// <param name="members">Positions, without repetition, own position included.</param>
    MeshGroup Group(int id, ReadOnlySpan<int> members);

    /// <summary>Ends the mesh: keeps <paramref name="cause"/> if it is the first, releases every waiter, tells the peers if they can be told without waiting, closes the links.</summary>
    void Abort(MeshError cause);

    /// <summary>The last operations with every peer, read without taking any lock.</summary>
    MeshOperations Operations();
}
