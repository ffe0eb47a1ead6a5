using System.Buffers.Binary;
using System.Text;

namespace Olmo.Actors.Collectives;

/// <summary>Last message on a link: why the sender ends its mesh. Header, little-endian: i32 error kind, i32 blamed position or -1, then UTF-8 text.</summary>
internal static class Goodbye
{
    public const int MaxBytes = 8 + MaxTextBytes;

    private const int MaxTextBytes = 400;

    public static int Write(Span<byte> destination, long generation, MeshError error)
    {
        Span<byte> header = stackalloc byte[MaxBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, (int)error.Kind);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], error.Culprit);
        Encoding.UTF8.GetEncoder().Convert(error.Message, header[8..], flush: true, out _, out int text, out _);
        return new MessageFrame(MessageFrame.GoodbyeKind, generation, 0, 8 + text, 0, PayloadCheck.Crc, PayloadChecksum.Of([])).Write(destination, header[..(8 + text)]);
    }

    public static MeshError Read(ReadOnlySpan<byte> header, int peer)
    {
        if (header.Length < 8)
        {
            return MeshError.At(MeshErrorKind.PeerAborted, peer, $"position {peer} ended its mesh without a reason");
        }

        MeshErrorKind kind = (MeshErrorKind)BinaryPrimitives.ReadInt32LittleEndian(header);
        int culprit = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        return new MeshError(
            MeshErrorKind.PeerAborted, peer, culprit, $"position {peer} ended its mesh ({kind}): {Encoding.UTF8.GetString(header[8..])}");
    }
}
