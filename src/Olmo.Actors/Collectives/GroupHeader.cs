using System.Buffers.Binary;

namespace Olmo.Actors.Collectives;

/// <summary>
/// Header of a message of a group, little-endian: i32 group, i32 operation kind, i64 number, i32 tag, u32 CRC-32C of the members' positions (so that groups of
/// different members under one id are found).
/// </summary>
internal readonly record struct GroupHeader(int Group, OperationKind Kind, long Number, int Tag, uint Members)
{
    public const int Bytes = 24;

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, Group);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], (int)Kind);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], Number);
        BinaryPrimitives.WriteInt32LittleEndian(destination[16..], Tag);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], Members);
    }

    public static bool TryRead(ReadOnlySpan<byte> source, out GroupHeader header)
    {
        header = default;
        if (source.Length != Bytes)
        {
            return false;
        }

        header = new GroupHeader(
            BinaryPrimitives.ReadInt32LittleEndian(source),
            (OperationKind)BinaryPrimitives.ReadInt32LittleEndian(source[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[20..]));
        return true;
    }
}
