using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Olmo.Model.Numerics;
using Olmo.Model.State;

namespace Olmo.Model.Steps;

/// <summary>
/// A sum of group gradients of one range on its way to an owner. Layout, little-endian, every part but the payload a multiple of 8 bytes:
/// <code>
/// 0   u32  magic "OSUM"              32  i32  layer; the number of layers: the scalars
/// 4   u16  version, 2                36  i32  shard
/// 6   u8   payload kind              40  i32  groups of the batch, G
/// 7   u8   bit 0: all values valid   44  i32  elements of the payload
/// 8   i64  generation                48  u64  linear digest of the payload as fixed point
/// 16  i64  step                      56  u32  bytes of the run id, n
/// 24  i32  timeline                  60  u32  CRC-32C of everything before the payload, this field as 0
/// 28  i32  attempt                   64  u32  bytes of the payload, then u32 0
/// 72  run id in UTF-8, zeros up to a multiple of 8; then ceil(G / 64) words of the group set; then the payload
/// </code>
/// The range's chunks follow each other in chunk order, as <see cref="SumPayload"/> says; the scalars are the six integers of <see cref="LossParts"/>. The digest covers the payload, the CRC
/// the rest, so a frame that decodes is whole.
/// </summary>
public readonly ref struct SumFrame
{
    /// <summary>"OSUM"</summary>
    public const uint Magic = 0x4D55534F;

    /// <summary>Version of the layout.</summary>
    public const ushort Version = 2;

    /// <summary>Bytes before the run id.</summary>
    public const int FixedBytes = 72;

    /// <summary>Most groups of a batch.</summary>
    public const int MaxGroups = 65536;

    /// <summary>Most payload bytes of a frame: 1 GiB.</summary>
    public const int MaxPayloadBytes = 1 << 30;

    private readonly Span<ulong> _groups;

    internal SumFrame(
        StepIdentity id, int layer, int shard, int groups, SumPayload kind, bool isValid, ulong digest, Span<ulong> groupWords, int elements, ReadOnlySpan<byte> payload)
    {
        Id = id;
        Layer = layer;
        Shard = shard;
        GroupCount = groups;
        Kind = kind;
        IsValid = isValid;
        Digest = digest;
        _groups = groupWords;
        Elements = elements;
        Payload = payload;
    }

    /// <summary>Attempt it belongs to.</summary>
    public StepIdentity Id { get; }

    /// <summary>Layer of the range; the number of layers for the scalars.</summary>
    public int Layer { get; }

    /// <summary>Shard of the range.</summary>
    public int Shard { get; }

    /// <summary>G</summary>
    public int GroupCount { get; }

    /// <summary>Format of the payload.</summary>
    public SumPayload Kind { get; }

    /// <summary>False if a value in it was not finite or too large and counts as 0. For fp32 payloads the receiver sees for itself.</summary>
    public bool IsValid { get; }

    /// <summary>Linear digest of the payload as fixed point, by element number over all tensors.</summary>
    public ulong Digest { get; }

    /// <summary>Groups that the sum holds.</summary>
    public GroupSet Groups => new(_groups, GroupCount);

    /// <summary>The numbers.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Elements of the payload.</summary>
    public int Elements { get; }

    /// <summary>Bytes of the scalars.</summary>
    public static int ScalarBytes => LossParts.Count * sizeof(long);

    /// <summary>Most bytes of the frame of a range, whatever its sums are.</summary>
    /// <param name="layout">Layout of the model.</param>
    /// <param name="layer">Layer; the number of layers for the scalars.</param>
    /// <param name="shard">Shard.</param>
    /// <param name="runId">Run.</param>
    /// <param name="groups">G</param>
    /// <exception cref="ArgumentOutOfRangeException">The payload might exceed <see cref="MaxPayloadBytes"/>.</exception>
    public static int MostBytes(ParameterLayout layout, int layer, int shard, string runId, int groups)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (layer == layout.Layers)
        {
            return EncodedBytes(runId, groups, ScalarBytes);
        }

        long bytes = 0;
        for (int c = layout.FirstChunkOfRange(layer, shard); c < layout.FirstChunkOfLayer(layer + 1); c += layout.Shards)
        {
            bytes += PackedIntegers.MostBytes(layout.ChunkAt(c).Length);
        }

        return EncodedBytes(runId, groups, bytes);
    }

    /// <summary>Most bytes of the frame of any range of a layout.</summary>
    public static int MostBytes(ParameterLayout layout, string runId, int groups)
    {
        ArgumentNullException.ThrowIfNull(layout);
        int most = 0;
        for (int layer = 0; layer <= layout.Layers; layer++)
        {
            for (int shard = 0; shard < layout.Shards; shard++)
            {
                most = Math.Max(most, MostBytes(layout, layer, shard, runId, groups));
            }
        }

        return most;
    }

    /// <summary>Offset of the payload, the same for all frames of a run.</summary>
    public static int PayloadOffset(string runId, int groups) => FixedBytes + Padded(Encoding.UTF8.GetByteCount(runId)) + (8 * GroupSet.WordsFor(groups));

    /// <summary>Bytes of a whole frame.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The payload would exceed <see cref="MaxPayloadBytes"/>.</exception>
    public static int EncodedBytes(string runId, int groups, long payloadBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadBytes, MaxPayloadBytes);
        return PayloadOffset(runId, groups) + (int)payloadBytes;
    }

    /// <summary>Writes everything before the payload; the payload's bytes must follow it.</summary>
    /// <returns>Bytes written: <see cref="PayloadOffset"/>.</returns>
    public static int WriteHeader(
        Span<byte> destination, in StepIdentity id, int layer, int shard, SumPayload kind, bool isValid, ulong digest, GroupSet groups, int elements, int payloadBytes)
    {
        int runIdBytes = Encoding.UTF8.GetByteCount(id.RunId);
        if (runIdBytes > StepIdentity.MaxRunIdBytes)
        {
            throw new ArgumentException($"The run id '{id.RunId}' has {runIdBytes} bytes; at most {StepIdentity.MaxRunIdBytes} are allowed.", nameof(id));
        }

        int length = PayloadOffset(id.RunId, groups.Groups);
        Span<byte> header = destination[..length];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], Version);
        header[6] = (byte)kind;
        header[7] = isValid ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], id.Generation);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], id.Step);
        BinaryPrimitives.WriteInt32LittleEndian(header[24..], id.Timeline);
        BinaryPrimitives.WriteInt32LittleEndian(header[28..], id.Attempt);
        BinaryPrimitives.WriteInt32LittleEndian(header[32..], layer);
        BinaryPrimitives.WriteInt32LittleEndian(header[36..], shard);
        BinaryPrimitives.WriteInt32LittleEndian(header[40..], groups.Groups);
        BinaryPrimitives.WriteInt32LittleEndian(header[44..], elements);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], digest);
        BinaryPrimitives.WriteUInt32LittleEndian(header[56..], (uint)runIdBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header[64..], (uint)payloadBytes);
        Encoding.UTF8.GetBytes(id.RunId, header[FixedBytes..]);
        Span<byte> words = header[(length - (8 * groups.Words.Length))..];
        for (int i = 0; i < groups.Words.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(words[(8 * i)..], groups.Words[i]);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(header[60..], Crc(header));
        return length;
    }

    /// <summary>Length of the whole frame whose first <see cref="FixedBytes"/> bytes are given, for reading it from a stream; limits are checked.</summary>
    /// <exception cref="SumFrameException">The bytes are not the start of a frame, or a length is above its limit.</exception>
    public static int LengthOf(ReadOnlySpan<byte> start)
    {
        if (start.Length < FixedBytes || BinaryPrimitives.ReadUInt32LittleEndian(start) != Magic)
        {
            throw new SumFrameException("The bytes do not start with a frame of gradient sums.");
        }

        ushort version = BinaryPrimitives.ReadUInt16LittleEndian(start[4..]);
        if (version != Version)
        {
            throw new SumFrameException($"The frame has version {version}; this program reads {Version}.");
        }

        uint groups = BinaryPrimitives.ReadUInt32LittleEndian(start[40..]);
        uint elements = BinaryPrimitives.ReadUInt32LittleEndian(start[44..]);
        uint runIdBytes = BinaryPrimitives.ReadUInt32LittleEndian(start[56..]);
        uint payloadBytes = BinaryPrimitives.ReadUInt32LittleEndian(start[64..]);
        if (groups is 0 or > MaxGroups || runIdBytes > StepIdentity.MaxRunIdBytes || elements > MaxPayloadBytes / sizeof(float) || payloadBytes > MaxPayloadBytes)
        {
            throw new SumFrameException($"The frame has {groups} groups, {elements} elements in {payloadBytes} bytes and a run id of {runIdBytes} bytes: above the limits.");
        }

        bool fits = (SumPayload)start[6] switch
        {
            SumPayload.Float32 => payloadBytes == elements * (ulong)sizeof(float),
            SumPayload.Fixed64 => payloadBytes == elements * (ulong)sizeof(long),
            SumPayload.Packed => true, // its receiver knows the chunks
            _ => throw new SumFrameException($"Payload kind {start[6]} is unknown."),
        };
        if (!fits)
        {
            throw new SumFrameException($"The frame has {elements} elements of kind {start[6]} in {payloadBytes} bytes.");
        }

        return FixedBytes + Padded((int)runIdBytes) + (8 * GroupSet.WordsFor((int)groups)) + (int)payloadBytes;
    }

    /// <summary>Reads a frame; the payload stays where it is.</summary>
    /// <param name="source">The frame, exactly.</param>
    /// <param name="groupWords">At least ceil(G / 64) words, which then hold the group set.</param>
    /// <param name="knownRunId">If the frame's run id equals it, this instance is used and nothing is allocated.</param>
    /// <exception cref="SumFrameException">Wrong length, limits exceeded, or the bytes before the payload do not have their CRC.</exception>
    public static SumFrame Read(ReadOnlySpan<byte> source, Span<ulong> groupWords, string knownRunId)
    {
        int length = LengthOf(source);
        if (source.Length != length)
        {
            throw new SumFrameException($"The frame should have {length} bytes; {source.Length} were given.");
        }

        int runIdBytes = BinaryPrimitives.ReadInt32LittleEndian(source[56..]);
        int groups = BinaryPrimitives.ReadInt32LittleEndian(source[40..]);
        int words = GroupSet.WordsFor(groups);
        int payloadAt = FixedBytes + Padded(runIdBytes) + (8 * words);
        uint crc = Crc(source[..payloadAt]);
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(source[60..]);
        if (crc != expected)
        {
            throw new SumFrameException($"The frame's header has CRC-32C {crc:x8}, expected {expected:x8}.");
        }

        Span<ulong> set = groupWords[..words];
        for (int i = 0; i < words; i++)
        {
            set[i] = BinaryPrimitives.ReadUInt64LittleEndian(source[(payloadAt - (8 * (words - i)))..]);
        }

        if (groups % 64 != 0 && set[^1] >> (groups % 64) != 0)
        {
            throw new SumFrameException($"The frame's group set holds a group beyond the last of {groups}.");
        }

        StepIdentity id = new(
            RunIdOf(source.Slice(FixedBytes, runIdBytes), knownRunId),
            BinaryPrimitives.ReadInt32LittleEndian(source[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[28..]));
        return new SumFrame(
            id,
            BinaryPrimitives.ReadInt32LittleEndian(source[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[36..]),
            groups,
            (SumPayload)source[6],
            (source[7] & 1) != 0,
            BinaryPrimitives.ReadUInt64LittleEndian(source[48..]),
            set,
            BinaryPrimitives.ReadInt32LittleEndian(source[44..]),
            source[payloadAt..]);
    }

    private static string RunIdOf(ReadOnlySpan<byte> utf8, string known)
    {
        Span<byte> mine = stackalloc byte[StepIdentity.MaxRunIdBytes];
        return Encoding.UTF8.TryGetBytes(known, mine, out int written) && utf8.SequenceEqual(mine[..written]) ? known : Encoding.UTF8.GetString(utf8);
    }

    private static int Padded(int bytes) => (bytes + 7) & ~7;

    private static uint Crc(ReadOnlySpan<byte> header)
    {
        uint crc = uint.MaxValue;
        for (int i = 0; i < header.Length; i += 4)
        {
            crc = BitOperations.Crc32C(crc, i == 60 ? 0u : BinaryPrimitives.ReadUInt32LittleEndian(header[i..]));
        }

        return ~crc;
    }
}
