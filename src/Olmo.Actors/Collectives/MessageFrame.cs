using System.Buffers.Binary;
using System.Numerics;

namespace Olmo.Actors.Collectives;

/// <summary>
/// The bytes before a message on a link, little-endian:
/// <code>
/// 0   u32  magic "OMSG"              24  u32  header bytes, n
/// 4   u8   version, 1                28  u32  payload bytes, m
/// 5   u8   check: 0 CRC, 1 own       32  u32  PayloadChecksum of the payload; 0 for check 1
/// 6   u16  kind                      36  u32  CRC-32C of bytes 0 to 35 and of the header
/// 8   i64  generation                40  header, n bytes; then the payload, m bytes
/// 16  i64  number of the message in this direction, from 1; 0 for heartbeat and goodbye
/// </code>
/// </summary>
/// <param name="Kind">Meaning.</param>
/// <param name="Generation">World that it belongs to.</param>
/// <param name="Number">Number in its direction.</param>
/// <param name="HeaderBytes">n</param>
/// <param name="PayloadBytes">m</param>
/// <param name="Check">Who protects the payload.</param>
/// <param name="PayloadCrc">Checksum of the payload.</param>
public readonly record struct MessageFrame(ushort Kind, long Generation, long Number, int HeaderBytes, int PayloadBytes, PayloadCheck Check, uint PayloadCrc)
{
    /// <summary>"OMSG"</summary>
    public const uint Magic = 0x47534D4F;

    /// <summary>Version of the layout.</summary>
    public const byte Version = 1;

    /// <summary>Bytes before the header.</summary>
    public const int FixedBytes = 40;

    /// <summary>Kinds from here on are the mesh's own.</summary>
    public const ushort ReservedKinds = 0xFF00;

    internal const ushort GroupKind = 0xFFFD;
    internal const ushort GoodbyeKind = 0xFFFE;
    internal const ushort HeartbeatKind = 0xFFFF;

    /// <summary>Writes fixed part and header.</summary>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> destination, ReadOnlySpan<byte> header)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        destination[4] = Version;
        destination[5] = (byte)Check;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[6..], Kind);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], Generation);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], Number);
        BinaryPrimitives.WriteInt32LittleEndian(destination[24..], HeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(destination[28..], PayloadBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[32..], PayloadCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[36..], Crc(destination[..36], header));
        header.CopyTo(destination[FixedBytes..]);
        return FixedBytes + header.Length;
    }

    /// <summary>Kind of a message whose first bytes are given.</summary>
    public static ushort KindOf(ReadOnlySpan<byte> source) => BinaryPrimitives.ReadUInt16LittleEndian(source[6..]);

    /// <summary>Reads the fixed part; lengths are checked before anybody allocates for them.</summary>
    /// <returns>Null where it is valid, else what is wrong, with value and limit.</returns>
    public static string? TryRead(ReadOnlySpan<byte> source, MeshSettings settings, out MessageFrame frame)
    {
        ArgumentNullException.ThrowIfNull(settings);
        frame = default;
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(source);
        uint headerBytes = BinaryPrimitives.ReadUInt32LittleEndian(source[24..]);
        uint payloadBytes = BinaryPrimitives.ReadUInt32LittleEndian(source[28..]);
        if (magic != Magic)
        {
            return $"a message starts with {magic:x8} instead of {Magic:x8}";
        }

        if (source[4] != Version)
        {
            return $"a message has version {source[4]}; this program reads {Version}";
        }

        if (source[5] > (byte)PayloadCheck.Own)
        {
            return $"a message has payload check {source[5]}; known are 0 and 1";
        }

        if (headerBytes > settings.MaxHeaderBytes)
        {
            return $"a message has a header of {headerBytes} bytes; the limit is {settings.MaxHeaderBytes}";
        }

        if (payloadBytes > settings.MaxPayloadBytes)
        {
            return $"a message has a payload of {payloadBytes} bytes; the limit is {settings.MaxPayloadBytes}";
        }

        frame = new MessageFrame(
            KindOf(source),
            BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            (int)headerBytes,
            (int)payloadBytes,
            (PayloadCheck)source[5],
            BinaryPrimitives.ReadUInt32LittleEndian(source[32..]));
        return null;
    }

    /// <summary>True if fixed part and header have the checksum that the fixed part names.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> fixedPart, ReadOnlySpan<byte> header) =>
        BinaryPrimitives.ReadUInt32LittleEndian(fixedPart[36..]) == Crc(fixedPart[..36], header);

    private static uint Crc(ReadOnlySpan<byte> fixedPart, ReadOnlySpan<byte> header)
    {
        uint crc = Append(Append(uint.MaxValue, fixedPart), header);
        return ~crc;
    }

    private static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (byte b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return crc;
    }
}
