namespace Olmo.Actors.Collectives;

/// <summary>Takes the messages of a mesh.</summary>
public interface IMeshHandler
{
    /// <summary>
    /// Called on the peer's receive thread, one message of a peer at a time, in the peer's order; messages of different peers come concurrently. Spans are valid
    /// during the call only. While it runs nothing else of that peer is read, so it neither waits for another message nor calls <see cref="IMesh.Send"/>;
    /// <see cref="IMesh.Post"/> is allowed. An exception fails the mesh. No call begins after the mesh has failed, and none runs after <see cref="IDisposable.Dispose"/>.
    /// </summary>
    /// <param name="peer">Position of the sender.</param>
    /// <param name="kind">As given to <see cref="IMesh.Send"/>.</param>
    /// <param name="header">As sent; its checksum was verified.</param>
    /// <param name="payload">As sent, 8-byte aligned; its checksum was verified unless it was sent with <see cref="PayloadCheck.Own"/>.</param>
    void OnMessage(int peer, ushort kind, ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload);
}
