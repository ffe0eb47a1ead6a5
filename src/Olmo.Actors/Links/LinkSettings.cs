namespace Olmo.Actors.Links;

/// <summary>Limits and times of control links.</summary>
/// <param name="MaxFrameBytes">Longest frame that is taken; a longer one closes the link before anything is allocated for it.</param>
/// <param name="MaxQueuedBytes">Bytes that may wait for a peer that does not read; a message beyond them is dropped.</param>
/// <param name="Heartbeat">Time between two pings of the hub.</param>
/// <param name="Silence">How long nothing may be heard from a peer whose socket is open before it is called silent: it is frozen, not dead.</param>
/// <param name="Handshake">How long a handshake may take.</param>
public sealed record LinkSettings(int MaxFrameBytes, long MaxQueuedBytes, TimeSpan Heartbeat, TimeSpan Silence, TimeSpan Handshake)
{
    /// <summary>Version of handshake, frames and envelopes; both sides must have the same.</summary>
    public const int ProtocolVersion = 1;

    /// <summary>64 MiB frames, 256 MiB of queue, pings every 250 ms, silent after 2 s.</summary>
    public static LinkSettings Default { get; } = new(64 << 20, 256L << 20, TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5));
}
