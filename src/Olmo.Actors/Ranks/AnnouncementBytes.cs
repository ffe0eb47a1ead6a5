using System.Buffers.Binary;
using Olmo.Model.Steps;

namespace Olmo.Actors.Ranks;

/// <summary>
/// Announcements on the wire, 88 bytes each, little-endian: shard (i32), flags (i32: 1 finite, 2 intact), sum of squares (f64), digest of the sum and of the state
/// (u64), the six integers of the losses (i64), digest of the run's state (u64). Run, timeline, generation, step, attempt and replica stand in the message's header or in the mesh.
/// </summary>
internal static class AnnouncementBytes
{
    public const int Each = 88;

    public static void Write(in Announcement said, Span<byte> to)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, said.Shard);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], (said.IsFinite ? 1 : 0) | (said.IsIntact ? 2 : 0));
        BinaryPrimitives.WriteDoubleLittleEndian(to[8..], said.SumOfSquares);
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], said.SumDigest);
        BinaryPrimitives.WriteUInt64LittleEndian(to[24..], said.StateDigest);
        BinaryPrimitives.WriteInt64LittleEndian(to[32..], said.Loss.CrossEntropy);
        BinaryPrimitives.WriteInt64LittleEndian(to[40..], said.Loss.ZLoss);
        BinaryPrimitives.WriteInt64LittleEndian(to[48..], said.Loss.Labels);
        BinaryPrimitives.WriteInt64LittleEndian(to[56..], said.Loss.Tokens);
        BinaryPrimitives.WriteInt64LittleEndian(to[64..], said.Loss.Sequences);
        BinaryPrimitives.WriteInt64LittleEndian(to[72..], said.Loss.TokenHash);
        BinaryPrimitives.WriteUInt64LittleEndian(to[80..], said.RunDigest);
    }

    public static Announcement Read(in StepIdentity id, int replica, ReadOnlySpan<byte> from)
    {
        int flags = BinaryPrimitives.ReadInt32LittleEndian(from[4..]);
        return new Announcement(
            id,
            BinaryPrimitives.ReadInt32LittleEndian(from),
            replica,
            BinaryPrimitives.ReadDoubleLittleEndian(from[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(from[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(from[24..]),
            new LossParts(
                BinaryPrimitives.ReadInt64LittleEndian(from[32..]),
                BinaryPrimitives.ReadInt64LittleEndian(from[40..]),
                BinaryPrimitives.ReadInt64LittleEndian(from[48..]),
                BinaryPrimitives.ReadInt64LittleEndian(from[56..]),
                BinaryPrimitives.ReadInt64LittleEndian(from[64..]),
                BinaryPrimitives.ReadInt64LittleEndian(from[72..])),
            (flags & 1) != 0,
            (flags & 2) != 0,
            BinaryPrimitives.ReadUInt64LittleEndian(from[80..]));
    }

    /// <summary>Digest of what was announced of every shard, from the first replica's owners: equal where the announcements are.</summary>
    /// <param name="announcements">By replica, then shard.</param>
    /// <param name="shards">S</param>
    public static ulong DigestOf(ReadOnlySpan<Announcement> announcements, int shards)
    {
        ulong digest = 14695981039346656037;
        for (int s = 0; s < shards; s++)
        {
            ref readonly Announcement said = ref announcements[s];
            digest = Mix(digest, (ulong)said.Shard);
            digest = Mix(digest, said.SumDigest);
            digest = Mix(digest, said.StateDigest);
            digest = Mix(digest, BitConverter.DoubleToUInt64Bits(said.SumOfSquares));
            digest = Mix(digest, (ulong)said.Loss.CrossEntropy);
            digest = Mix(digest, (ulong)said.Loss.TokenHash);
            digest = Mix(digest, said.RunDigest);
            digest = Mix(digest, said.IsFinite ? 1UL : 0UL);
        }

        return digest;
    }

    private static ulong Mix(ulong digest, ulong value)
    {
        ulong mixed = (digest ^ value) * 0x9E3779B97F4A7C15;
        return mixed ^ (mixed >> 32);
    }
}
