using System.Buffers.Binary;
using Olmo.Model.Numerics;
using Olmo.Model.State;
using Olmo.Model.Tensors;

namespace Olmo.Model.Steps;

/// <content>Sums as frames: what is sent to owners and what they add.</content>
public sealed partial class GradientAccumulator
{
    private readonly FrameTensors _frames;
    private readonly long[] _frameDigests;

    /// <summary>Adds a sum that somebody sent, after its payload was found to have the frame's digest.</summary>
    /// <remarks>Rule 1: sums are added only if their group sets are disjoint. On an exception nothing was added.</remarks>
    /// <exception cref="OverlappingGroupsException">The range holds one of the frame's groups.</exception>
    /// <exception cref="SumDigestMismatchException">The payload does not have the frame's digest.</exception>
    /// <exception cref="SumFrameException">The frame does not fit the range: shard not held, other G, other length.</exception>
    public void Add(in SumFrame frame)
    {
        Check(frame);
        ThrowIfOverlapping(frame.Layer, frame.Shard, frame.Groups);
        Interlocked.Increment(ref _version);
        int range = RangeOf(frame.Layer, frame.Shard);
        bool valid = frame.IsValid;
        if (frame.Layer == Layout.Layers)
        {
            _losses[frame.Shard] += ReadLoss(frame);
        }
        else if (frame.Kind == SumPayload.Float32)
        {
            AddFloats(frame, ref valid);
        }
        else
        {
            AddPacked(frame);
        }

        _digests[range] += frame.Digest;
        _rangeIsInvalid[range] |= !valid;
        GroupsOf(frame.Layer, frame.Shard).UnionWith(frame.Groups);
    }

    /// <summary>Adds another accumulator's sum of a range of the same layout, as if it had come in a frame.</summary>
    /// <exception cref="OverlappingGroupsException">Both hold a group; nothing was added.</exception>
    public void Add(GradientAccumulator from, int layer, int shard)
    {
        ArgumentNullException.ThrowIfNull(from);
        GroupSet groups = from.GroupsOf(layer, shard);
        ThrowIfOverlapping(layer, shard, groups);
        Interlocked.Increment(ref _version);
        int range = RangeOf(layer, shard);
        if (layer == Layout.Layers)
        {
            _losses[shard] += from._losses[shard];
            _digests[range] += DigestOfLoss(from._losses[shard]);
        }
        else
        {
            ulong digest = AddSums(from, layer, shard);
            from.Note(layer, shard, digest);
            _digests[range] += digest;
        }

        _rangeIsInvalid[range] |= !from.IsValid(layer, shard);
        GroupsOf(layer, shard).UnionWith(groups);
    }

    /// <summary>Empties the ranges of one shard: its sums are void (rule 8).</summary>
    public void ResetShard(int shard)
    {
        Interlocked.Increment(ref _version);
        for (int layer = 0; layer <= Layout.Layers; layer++)
        {
            int range = RangeOf(layer, shard);
            int words = GroupSet.WordsFor(Groups);
            _sets.AsSpan(range * words, words).Clear();
            _rangeIsInvalid[range] = false;
            _digests[range] = 0;
            _digestIsKnown[range] = true;
        }

        _losses[shard] = default;
        for (int k = 0; k < Layout.ChunksOfShard(shard); k++)
        {
            int held = Placement.IndexOf(Layout.ChunkOfShard(shard, k));
            _written[held] = false;
            _provider.Zero(_flags.View(held, new Shape(1)));
        }

        Interlocked.Increment(ref _flagsVersion);
    }

    /// <summary>Fault injection: changes a bit of a held chunk's first sum, the lowest if nothing else is said, as failing memory would.</summary>
    public void FlipBit(int chunk, int bit = 0)
    {
        Tensor first = SumsOf(Placement.IndexOf(chunk)).View(0, new Shape(1));
        long value = 0;
        _provider.Read(first, new Span<long>(ref value));
        value ^= 1L << bit;
        Interlocked.Increment(ref _version);
        _provider.Write(first, new ReadOnlySpan<long>(in value));
    }

    /// <summary>Measures a range that this rank summed itself and keeps its digest, as its frame would: what changes in memory afterwards is found (rule 5).</summary>
    public void Seal(int layer, int shard)
    {
        if (layer < Layout.Layers && !_digestIsKnown[RangeOf(layer, shard)])
        {
            Note(layer, shard, MeasureSums(layer, shard));
        }
    }

    /// <summary>True if every range of a shard has the digest that it had when it was sent, added elsewhere or sealed; a range of which none was taken counts as right.</summary>
    public bool IsShardIntact(int shard)
    {
        for (int layer = 0; layer < Layout.Layers; layer++)
        {
            int range = RangeOf(layer, shard);
            if (_digestIsKnown[range] && MeasureSums(layer, shard) != _digests[range])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Most bytes of the frame of a range, as <see cref="WriteFrame"/> writes it.</summary>
    public int MostFrameBytes(int layer, int shard, in StepIdentity id) => SumFrame.MostBytes(Layout, layer, shard, id.RunId, Groups);

    /// <summary>Writes a range's sum, with the groups that it holds, as a frame of integers.</summary>
    /// <param name="layer">Layer; the number of layers for the scalars.</param>
    /// <param name="shard">A shard that is held.</param>
    /// <param name="id">The attempt.</param>
    /// <param name="destination">Room for <see cref="MostFrameBytes"/>; what lies behind the frame is undefined.</param>
    /// <returns>Bytes of the frame.</returns>
    public int WriteFrame(int layer, int shard, in StepIdentity id, Span<byte> destination)
    {
        int payloadAt = SumFrame.PayloadOffset(id.RunId, Groups);
        Span<byte> payload = destination[payloadAt..MostFrameBytes(layer, shard, id)];
        ulong digest;
        int elements = LossParts.Count;
        int bytes = SumFrame.ScalarBytes;
        SumPayload kind = SumPayload.Fixed64;
        if (layer == Layout.Layers)
        {
            WriteLoss(_losses[shard], payload);
            digest = DigestOfLoss(_losses[shard]);
        }
        else
        {
            (bytes, digest) = PackSums(layer, shard, payload);
            elements = (int)Layout.ElementsOfRange(layer, shard);
            kind = SumPayload.Packed;
            Note(layer, shard, digest);
        }

        SumFrame.WriteHeader(destination, id, layer, shard, kind, IsValid(layer, shard), digest, GroupsOf(layer, shard), elements, bytes);
        return payloadAt + bytes;
    }

    private static LossParts ReadLoss(in SumFrame frame)
    {
        ReadOnlySpan<byte> p = frame.Payload;
        LossParts loss = new(
            BinaryPrimitives.ReadInt64LittleEndian(p),
            BinaryPrimitives.ReadInt64LittleEndian(p[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(p[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(p[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(p[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(p[40..]));
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
        BinaryPrimitives.WriteInt64LittleEndian(payload[32..], loss.Sequences);
        BinaryPrimitives.WriteInt64LittleEndian(payload[40..], loss.TokenHash);
    }

    private static ulong DigestOfLoss(LossParts loss) =>
        ((ulong)loss.CrossEntropy * LinearDigest.Factor(0)) + ((ulong)loss.ZLoss * LinearDigest.Factor(1)) + ((ulong)loss.Labels * LinearDigest.Factor(2))
        + ((ulong)loss.Tokens * LinearDigest.Factor(3)) + ((ulong)loss.Sequences * LinearDigest.Factor(4)) + ((ulong)loss.TokenHash * LinearDigest.Factor(5));

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
        if (frame.Elements != elements || scalars != (frame.Kind == SumPayload.Fixed64) || (frame.Kind == SumPayload.Float32 && frame.Groups.Count != 1))
        {
            throw new SumFrameException(
                $"Layer {frame.Layer}, shard {frame.Shard}: {elements} elements were expected, not {frame.Elements} of kind {frame.Kind} for {frame.Groups.Count} groups.");
        }
    }

    private (int Bytes, ulong Digest) PackSums(int layer, int shard, Span<byte> payload)
    {
        int at = 0;
        int visited = 0;
        for (int c = Layout.FirstChunkOfRange(layer, shard); c < Layout.FirstChunkOfLayer(layer + 1); c += Layout.Shards)
        {
            int held = Placement.IndexOf(c);
            ZeroUnwritten(held, 1);
            _provider.Measure(_sums, default, _ranges.AsSpan(held, 1), _frames.Digests.View(visited++, new Shape(1)), default, default);
            at += _provider.ReadPacked(SumsOf(held), payload[at..]);
        }

        return (at, SumOfDigests(visited));
    }

    // The first digest of a sum that this rank made itself stands for its contributions.
    private void Note(int layer, int shard, ulong digest)
    {
        int range = RangeOf(layer, shard);
        if (!_digestIsKnown[range])
        {
            _digests[range] = digest;
            _digestIsKnown[range] = true;
        }
    }

    private ulong MeasureSums(int layer, int shard)
    {
        int visited = 0;
        for (int c = Layout.FirstChunkOfRange(layer, shard); c < Layout.FirstChunkOfLayer(layer + 1); c += Layout.Shards)
        {
            int held = Placement.IndexOf(c);
            ZeroUnwritten(held, 1);
            _provider.Measure(_sums, default, _ranges.AsSpan(held, 1), _frames.Digests.View(visited++, new Shape(1)), default, default);
        }

        return SumOfDigests(visited);
    }

    private ulong AddSums(GradientAccumulator from, int layer, int shard)
    {
        int visited = 0;
        for (int c = Layout.FirstChunkOfRange(layer, shard); c < Layout.FirstChunkOfLayer(layer + 1); c += Layout.Shards)
        {
            int source = from.Placement.IndexOf(c);
            from.ZeroUnwritten(source, 1);
            _provider.Measure(from._sums, default, from._ranges.AsSpan(source, 1), _frames.Digests.View(visited++, new Shape(1)), default, default);
            AddIntegers(from.SumsOf(source), Placement.IndexOf(c));
        }

        return SumOfDigests(visited);
    }

    private ulong SumOfDigests(int count)
    {
        Span<long> digests = _frameDigests.AsSpan(0, count);
        _provider.Read(_frames.Digests.View(0, new Shape(count)), digests);
        ulong sum = 0;
        foreach (long digest in digests)
        {
            sum += (ulong)digest;
        }

        return sum;
    }

    // What frames pass through: one chunk as it came and as integers, and what was measured of the chunks of a range.
    private readonly record struct FrameTensors(Tensor Floats, Tensor Integers, Tensor Digests, Tensor Flag);

    private readonly struct FrameSlots(BufferPlan plan, ParameterLayout layout)
    {
        private readonly TensorSlot _floats = plan.Add("chunk of a frame", DType.F32, new Shape(ParameterLayout.ChunkElements));
        private readonly TensorSlot _integers = plan.Add("chunk of a frame as integers", DType.I64, new Shape(ParameterLayout.ChunkElements));
        private readonly TensorSlot _digests = plan.Add("digests of a frame", DType.I64, new Shape(MostChunks(layout)));
        private readonly TensorSlot _flag = plan.Add("flag of a frame", DType.I32, new Shape(1));

        public FrameTensors Of(BufferSet memory) => new(memory[_floats], memory[_integers], memory[_digests], memory[_flag]);

        private static int MostChunks(ParameterLayout layout)
        {
            int most = 0;
            for (int layer = 0; layer < layout.Layers; layer++)
            {
                most = Math.Max(most, layout.FirstChunkOfLayer(layer + 1) - layout.FirstChunkOfLayer(layer));
            }

            return ((most - 1) / layout.Shards) + 1;
        }
    }
}
