using Olmo.Actors.Drills;

namespace Olmo.Actors.Collectives;

/// <summary>Limits and timeouts of a mesh, the same on all its ranks.</summary>
public sealed record MeshSettings
{
    /// <summary>Timeouts.</summary>
    public MeshTimeouts Timeouts { get; init; } = MeshTimeouts.Default;

    /// <summary>Most payload bytes of a message, checked before anything is allocated. Above 1 GiB is not possible.</summary>
    public int MaxPayloadBytes { get; init; } = 1 << 30;

    /// <summary>Most header bytes of a message, checked before anything is allocated.</summary>
    public int MaxHeaderBytes { get; init; } = 16 << 10;

    /// <summary>Messages that may be posted to one peer and not yet sent.</summary>
    public int QueueLength { get; init; } = 1024;

    /// <summary>Bytes of one peer's collectives that may lie here before this rank has joined them; then the peer's messages are no longer read until it joins.</summary>
    public long MaxBufferedBytes { get; init; } = 256L << 20;

    /// <summary>Send and receive buffer asked of the operating system per connection, bytes; 0, the default, lets it adapt them: it grows them further
    /// than it grants on request where its limit for requests is the usual 208 KiB.</summary>
    public int SocketBufferBytes { get; init; }

    /// <summary>May lose links, and switches the watch on silence off.</summary>
    public IDrill Drill { get; init; } = NoDrill.Instance;

    /// <summary>Checks limits and timeouts.</summary>
    /// <exception cref="ArgumentException">A value is outside its limits; names it.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPayloadBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxPayloadBytes, 1 << 30);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxHeaderBytes, 64);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxHeaderBytes, 1 << 20);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(QueueLength);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxBufferedBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(SocketBufferBytes);
        Timeouts.Validate();
    }
}
