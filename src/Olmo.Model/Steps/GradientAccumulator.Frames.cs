using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Olmo.Model.Kernels;
using Olmo.Model.State;

namespace Olmo.Model.Steps;

/// <content>Sums as frames: what is sent to owners and what they add.</content>
public sealed unsafe partial class GradientAccumulator
{
    /// <summary>Adds a sum that somebody sent, after its payload was found to have the frame's digest.</summary>
    /// <remarks>Rule 1: sums are added only if their group sets are disjoint. On an exception nothing was added.</remarks>
    /// <exception cref="OverlappingGroupsException">The range holds one of the frame's groups.</exception>
    /// <exception cref="SumDigestMismatchException">The payload does not have the frame's digest.</exception>
    /// <exception cref="SumFrameException">The frame does not fit the range: shard not held, other G, other length.</exception>
    public void Add(in SumFrame frame)
    {
        Check(frame);
        ThrowIfOverlapping(frame.Layer, frame.Shard, frame.Groups);
        int range = RangeOf(frame.Layer, frame.Shard);
        bool valid = frame.IsValid;
        if (frame.Layer == Layout.Layers)
        {
            _losses[frame.Shard] += ReadLoss(frame);
        }
        else
        {
            ulong digest = VisitPayload(frame, add: false, ref valid);
            if (digest != frame.Digest)
            {
                throw new SumDigestMismatchException($"Frame of layer {frame.Layer}, shard {frame.Shard}, groups {frame.Groups.ToString()}", frame.Digest, digest);
            }

            VisitPayload(frame, add: true, ref valid);
        }

        _digests[range] += frame.Digest;
        _rangeIsInvalid[range] |= !valid;
        GroupsOf(frame.Layer, frame.Shard).UnionWith(frame.Groups);
    }

    /// <summary>Bytes of the frame of a range, as <see cref="WriteFrame"/> writes it.</summary>
    public int FrameBytes(int layer, int shard, in StepIdentity id) =>
        SumFrame.EncodedBytes(id.RunId, Groups, SumPayload.Fixed64, layer == Layout.Layers ? LossParts.Count : Layout.ElementsOfRange(layer, shard));

    /// <summary>Writes a range's sum, with the groups that it holds, as a frame of integers.</summary>
    /// <returns>Bytes written.</returns>
    public int WriteFrame(int layer, int shard, in StepIdentity id, Span<byte> destination)
    {
        int length = FrameBytes(layer, shard, id);
        Span<byte> payload = destination[SumFrame.PayloadOffset(id.RunId, Groups)..length];
        ulong digest;
        if (layer == Layout.Layers)
        {
            WriteLoss(_losses[shard], payload);
            digest = DigestOfLoss(_losses[shard]);
        }
        else
        {
            digest = CopySums(layer, shard, payload);
        }

        SumFrame.WriteHeader(
            destination, id, layer, shard, SumPayload.Fixed64, IsValid(layer, shard), digest, GroupsOf(layer, shard), payload.Length / sizeof(long));
        return length;
    }

    private static LossParts ReadLoss(in SumFrame frame)
    {
        ReadOnlySpan<byte> p = frame.Payload;
        LossParts loss = new(
            BinaryPrimitives.ReadInt64LittleEndian(p),
            BinaryPrimitives.ReadInt64LittleEndian(p[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(p[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(p[24..]));
        ulong digest = DigestOfLoss(loss);
        return digest == frame.Digest
            ? loss
            : throw new SumDigestMismatchException($"Scalars of shard {frame.Shard}, groups {frame.Groups.ToString()}", frame.Digest, digest);
    }

    private static void WriteLoss(LossParts loss, Span<byte> payload)
    {
        BinaryPrimitives.WriteInt64LittleEndian(payload, loss.CrossEntropy);
        BinaryPrimitives.WriteInt64LittleEndian(payload[8..], loss.ZLoss);
        BinaryPrimitives.WriteInt64LittleEndian(payload[16..], loss.Labels);
        BinaryPrimitives.WriteInt64LittleEndian(payload[24..], loss.Tokens);
    }

    private static ulong DigestOfLoss(LossParts loss) =>
        ((ulong)loss.CrossEntropy * SumDigest.Factor(0)) + ((ulong)loss.ZLoss * SumDigest.Factor(1)) + ((ulong)loss.Labels * SumDigest.Factor(2))
        + ((ulong)loss.Tokens * SumDigest.Factor(3));

    private void Check(in SumFrame frame)
    {
        if ((uint)frame.Layer > (uint)Layout.Layers || (uint)frame.Shard >= (uint)Layout.Shards || !Placement.Holds(frame.Shard) || frame.GroupCount != Groups)
        {
            throw new SumFrameException(
                $"A frame of layer {frame.Layer}, shard {frame.Shard} and {frame.GroupCount} groups came to an accumulator of {Layout.Layers} layers, "
                + $"{Groups} groups and the shards {string.Join(',', Placement.Shards)}.");
        }

        bool scalars = frame.Layer == Layout.Layers;
        long elements = scalars ? LossParts.Count : Layout.ElementsOfRange(frame.Layer, frame.Shard);
        if (frame.Elements != elements || (scalars && frame.Kind != SumPayload.Fixed64) || (frame.Kind == SumPayload.Float32 && frame.Groups.Count != 1))
        {
            throw new SumFrameException(
                $"Layer {frame.Layer}, shard {frame.Shard}: {elements} elements were expected, not {frame.Elements} of kind {frame.Kind} for {frame.Groups.Count} groups.");
        }
    }

    // Digest of the payload as fixed point, chunk by chunk through the scratch; adds it where asked.
    private ulong VisitPayload(in SumFrame frame, bool add, ref bool valid)
    {
        ulong digest = 0;
        int elementBytes = SumFrame.ElementBytes(frame.Kind);
        int at = 0;
        long* scratch = _scratch.Pointer<long>();
        for (int c = Layout.FirstChunkOfRange(frame.Layer, frame.Shard); c < Layout.FirstChunkOfLayer(frame.Layer + 1); c += Layout.Shards)
        {
            ParameterChunk chunk = Layout.ChunkAt(c);
            fixed (byte* source = frame.Payload[at..])
            {
                if (frame.Kind == SumPayload.Float32)
                {
                    valid &= FixedPoint.Round(_width, (float*)source, scratch, FixedPoint.Limit(Groups), 0, chunk.Length);
                }
                else
                {
                    Buffer.MemoryCopy(source, scratch, sizeof(long) * (long)chunk.Length, sizeof(long) * (long)chunk.Length);
                }
            }

            at += chunk.Length * elementBytes;
            if (add)
            {
                FixedPoint.Add(_width, scratch, SumOf(c), 0, chunk.Length);
            }
            else
            {
                digest += SumDigest.Of(_width, scratch, (ulong)chunk.FirstElement, chunk.Length);
            }
        }

        return digest;
    }

    private ulong CopySums(int layer, int shard, Span<byte> payload)
    {
        ulong digest = 0;
        Span<long> destination = MemoryMarshal.Cast<byte, long>(payload);
        int at = 0;
        for (int c = Layout.FirstChunkOfRange(layer, shard); c < Layout.FirstChunkOfLayer(layer + 1); c += Layout.Shards)
        {
            ParameterChunk chunk = Layout.ChunkAt(c);
            long* sum = SumOf(c);
            new ReadOnlySpan<long>(sum, chunk.Length).CopyTo(destination[at..]);
            digest += SumDigest.Of(_width, sum, (ulong)chunk.FirstElement, chunk.Length);
            at += chunk.Length;
        }

        return digest;
    }
}
