using System.Buffers.Binary;

namespace Olmo.Actors.Ranks;

/// <summary>Kinds of the messages that ranks of a world send each other.</summary>
internal static class WorldMessageKind
{
    /// <summary>Payload: a frame of sums. Header: its route.</summary>
    public const ushort Sum = 1;

    /// <summary>Payload: what an owner says of its shards.</summary>
    public const ushort Announcements = 2;

    /// <summary>Payload: fp32 parameters of some chunks of a shard after a step.</summary>
    public const ushort Parameters = 3;

    /// <summary>Asks an owner of the own replica for the parameters of all its shards.</summary>
    public const ushort ParametersWanted = 4;

    /// <summary>Asks a donor for a shard's state. Payload: one bit per chunk that lacks.</summary>
    public const ushort StateWanted = 5;

    /// <summary>A donor's answer. Payload: the run's progress; the chunks follow. A count below 0: the donor has no such state.</summary>
    public const ushort StateFollows = 6;

    /// <summary>Payload: parameters and both moments of some chunks of a shard, chunk after chunk.</summary>
    public const ushort StateChunks = 7;

    /// <summary>No payload. Header: whose digest of the audited group, and the digest.</summary>
    public const ushort Audit = 8;

    /// <summary>Kinds + 1.</summary>
    public const int Count = 9;
}

/// <summary>The header of every message between ranks of a world: 40 bytes, little-endian.</summary>
/// <param name="Step">Step that the content belongs to.</param>
/// <param name="Shard">Shard.</param>
/// <param name="First">First chunk inside the shard; of announcements the replica.</param>
/// <param name="Count">Chunks, or announcements.</param>
/// <param name="Detail">Of sums the route, of announcements the attempt, of audits the part.</param>
/// <param name="Digest">Of chunks the checksum of the payload, of <see cref="WorldMessageKind.StateFollows"/> that of the shard's state plus that of the payload, of audits that of the group.</param>
internal readonly record struct WorldHeader(long Step, int Shard = 0, int First = 0, int Count = 0, int Detail = 0, ulong Digest = 0)
{
    public const int Bytes = 40;

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64LittleEndian(destination, Step);
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], Shard);
        BinaryPrimitives.WriteInt32LittleEndian(destination[12..], First);
        BinaryPrimitives.WriteInt32LittleEndian(destination[16..], Count);
        BinaryPrimitives.WriteInt32LittleEndian(destination[20..], Detail);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], Digest);
        destination[32..Bytes].Clear();
    }

    /// <exception cref="InvalidDataException">The header has another length.</exception>
    public static WorldHeader Read(ReadOnlySpan<byte> source) => source.Length == Bytes
        ? new WorldHeader(
            BinaryPrimitives.ReadInt64LittleEndian(source),
            BinaryPrimitives.ReadInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[12..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[20..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[24..]))
        : throw new InvalidDataException($"a header of {source.Length} bytes; {Bytes} are expected");
}
