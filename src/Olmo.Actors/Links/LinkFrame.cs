using System.Buffers.Binary;

namespace Olmo.Actors.Links;

/// <summary>What a frame is. Numbers stand on the wire and are never reused.</summary>
internal enum LinkFrameKind : byte
{
    /// <summary>First frame of an endpoint.</summary>
    Hello = 1,

    /// <summary>The hub's answer and proof.</summary>
    Challenge = 2,

    /// <summary>The endpoint's proof.</summary>
    Proof = 3,

    /// <summary>The link stands.</summary>
    Welcome = 4,

    /// <summary>The link is refused; UTF-8 reason.</summary>
    Refused = 5,

    /// <summary>Asks for a <see cref="Pong"/>; empty.</summary>
    Ping = 16,

    /// <summary>Answer to <see cref="Ping"/>; empty.</summary>
    Pong = 17,

    /// <summary>A message.</summary>
    Envelope = 18,
}

/// <summary>Frames on a stream: length of what follows as little-endian uint32, one byte of kind, payload.</summary>
internal static class LinkFrame
{
    private const int HeaderBytes = 5;

    /// <summary>Bytes that a frame with a payload takes.</summary>
    public static byte[] Encode(LinkFrameKind kind, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[HeaderBytes + payload.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)payload.Length + 1);
        frame[4] = (byte)kind;
        payload.CopyTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    /// <summary>Reads one frame.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="maxBytes">Longest payload that is taken; checked before anything is allocated.</param>
    /// <exception cref="LinkException">A frame of length 0 or over the limit.</exception>
    /// <exception cref="EndOfStreamException">The peer closed.</exception>
    public static (LinkFrameKind Kind, byte[] Payload) Read(Stream stream, int maxBytes)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        stream.ReadExactly(header);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (length == 0 || length - 1 > (uint)maxBytes)
        {
            throw new LinkException($"a frame of {length:N0} bytes, the limit is {maxBytes:N0}");
        }

        byte[] payload = new byte[length - 1];
        stream.ReadExactly(payload);
        return ((LinkFrameKind)header[4], payload);
    }
}
