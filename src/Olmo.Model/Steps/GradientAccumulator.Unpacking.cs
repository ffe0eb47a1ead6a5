using System.Runtime.InteropServices;
using Olmo.Model.Numerics;
using Olmo.Model.State;
using Olmo.Model.Tensors;

namespace Olmo.Model.Steps;

/// <content>What a frame carries, added chunk by chunk and measured.</content>
public sealed partial class GradientAccumulator
{
    // The sums are read once: what was added is taken back where the payload does not have the frame's digest, which integers allow without a trace.
    private void AddPacked(in SumFrame frame)
    {
        int last = Layout.FirstChunkOfLayer(frame.Layer + 1);
        ReadOnlySpan<byte> rest = frame.Payload;
        for (int c = Layout.FirstChunkOfRange(frame.Layer, frame.Shard); c < last; c += Layout.Shards)
        {
            long length = PackedIntegers.LengthOf(rest, Layout.ChunkAt(c).Length);
            rest = length >= 0
                ? rest[(int)length..]
                : throw new SumFrameException($"Layer {frame.Layer}, shard {frame.Shard}: the payload of {frame.Payload.Length} bytes does not hold chunk {c}, or a width above {sizeof(long)} bytes stands in it.");
        }

        if (!rest.IsEmpty)
        {
            throw new SumFrameException($"Layer {frame.Layer}, shard {frame.Shard}: {rest.Length} of {frame.Payload.Length} bytes of the payload are left over.");
        }

        int visited = 0;
        rest = frame.Payload;
        for (int c = Layout.FirstChunkOfRange(frame.Layer, frame.Shard); c < last; c += Layout.Shards)
        {
            int held = Placement.IndexOf(c);
            Tensor integers = _written[held] ? _frames.Integers.View(0, new Shape(_ranges[held].Length)) : SumsOf(held);
            rest = rest[_provider.WritePacked(integers, rest)..];
            MeasureIntegers(integers, _ranges[held].Index, visited++);
            if (_written[held])
            {
                _provider.AddIntegers(integers, SumsOf(held));
            }
        }

        ulong digest = SumOfDigests(visited);
        if (digest != frame.Digest)
        {
            TakeBack(frame);
            throw Mismatch(frame, digest);
        }

        for (int c = Layout.FirstChunkOfRange(frame.Layer, frame.Shard); c < last; c += Layout.Shards)
        {
            _written[Placement.IndexOf(c)] = true;
        }
    }

    // What was not written before is overwritten by the next contribution.
    private void TakeBack(in SumFrame frame)
    {
        ReadOnlySpan<byte> rest = frame.Payload;
        for (int c = Layout.FirstChunkOfRange(frame.Layer, frame.Shard); c < Layout.FirstChunkOfLayer(frame.Layer + 1); c += Layout.Shards)
        {
            int held = Placement.IndexOf(c);
            Tensor integers = _frames.Integers.View(0, new Shape(_ranges[held].Length));
            rest = rest[_provider.WritePacked(integers, rest)..];
            if (_written[held])
            {
                long[] values = new long[_ranges[held].Length];
                _provider.Read(integers, values.AsSpan());
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = unchecked(-values[i]);
                }

                _provider.Write<long>(integers, values);
                _provider.AddIntegers(integers, SumsOf(held));
            }
        }
    }

    // Each chunk is rounded to the scratch: first for the digest, then to be added.
    private void AddFloats(in SumFrame frame, ref bool valid)
    {
        _provider.Zero(_frames.Flag);
        int visited = 0;
        for (int pass = 0; pass < 2; pass++)
        {
            int at = 0;
            for (int c = Layout.FirstChunkOfRange(frame.Layer, frame.Shard); c < Layout.FirstChunkOfLayer(frame.Layer + 1); c += Layout.Shards)
            {
                ParameterChunk chunk = Layout.ChunkAt(c);
                ReadOnlySpan<byte> payload = frame.Payload.Slice(at, chunk.Length * sizeof(float));
                at += payload.Length;
                Tensor integers = _frames.Integers.View(0, new Shape(chunk.Length));
                Tensor floats = _frames.Floats.View(0, new Shape(chunk.Length));
                ChunkRange range = new(chunk.Length, 0, 0, 0);
                _provider.Write(floats, MemoryMarshal.Cast<byte, float>(payload));
                _provider.AddRounded(floats, integers, new ReadOnlySpan<ChunkRange>(in range), _limit, accumulate: false, _frames.Flag);
                if (pass == 0)
                {
                    MeasureIntegers(integers, (ulong)chunk.FirstElement, visited++);
                }
                else
                {
                    AddIntegers(integers, Placement.IndexOf(c));
                }
            }

            ulong digest = SumOfDigests(visited);
            if (digest != frame.Digest)
            {
                throw Mismatch(frame, digest);
            }
        }

        int flag = 0;
        _provider.Read(_frames.Flag, new Span<int>(ref flag));
        valid &= flag == 0;
    }

    private static SumDigestMismatchException Mismatch(in SumFrame frame, ulong digest) =>
        new($"Frame of layer {frame.Layer}, shard {frame.Shard}, groups {frame.Groups.ToString()}", frame.Digest, digest);

    private void MeasureIntegers(in Tensor integers, ulong firstElement, int visited)
    {
        ChunkRange range = new((int)integers.Count, 0, 0, firstElement);
        _provider.Measure(integers, default, new ReadOnlySpan<ChunkRange>(in range), _frames.Digests.View(visited, new Shape(1)), default, default);
    }

    private void AddIntegers(in Tensor integers, int held)
    {
        if (_written[held])
        {
            _provider.AddIntegers(integers, SumsOf(held));
        }
        else
        {
            _provider.Copy(integers, SumsOf(held));
            _written[held] = true;
        }
    }
}
