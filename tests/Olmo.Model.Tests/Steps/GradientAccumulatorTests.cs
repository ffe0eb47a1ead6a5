using Olmo.Model.State;
using Olmo.Model.Steps;
using Olmo.Model.Tests.State;

namespace Olmo.Model.Tests.Steps;

public sealed class GradientAccumulatorTests : IDisposable
{
    private readonly SumExample _example = new();

    public void Dispose() => _example.Dispose();

    [Fact]
    public void AddGroup_SomeGroups_SumIsThatOfPlainIntegers()
    {
        using GradientAccumulator accumulator = _example.Accumulator();
        foreach (int group in (int[])[5, 0, 3])
        {
            _example.AddGroup(accumulator, group);
        }

        foreach (ParameterSlot slot in _example.Layout.Tensors)
        {
            long[] expected = _example.Expected(slot.Index, [0, 3, 5]);
            for (int c = slot.FirstChunk; c < slot.FirstChunk + slot.Chunks; c++)
            {
                ParameterChunk chunk = _example.Layout.ChunkAt(c);
                Assert.Equal(expected[(int)chunk.Offset..((int)chunk.Offset + chunk.Length)], _example.Sum(accumulator, c));
            }
        }

        Assert.Equal("0,3,5", accumulator.GroupsOf(1, 2).ToString());
        Assert.Equal(SumExample.Loss(0) + SumExample.Loss(3) + SumExample.Loss(5), accumulator.LossOf(4));
        Assert.False(accumulator.IsComplete(0));
    }

    [Fact]
    public void Add_FramesOfAnyPartition_GiveTheSameSumAndAnnouncement()
    {
        using GradientAccumulator whole = _example.Accumulator();
        for (int g = 0; g < SumExample.Groups; g++)
        {
            _example.AddGroup(whole, g);
        }

        Announcement[] quiet = Announce(whole, null);
        foreach (int[][] parts in (int[][][])[[[0, 1, 2, 3], [4, 5, 6]], [[6], [0], [3, 5], [1, 2, 4]], [[2], [1], [0], [3], [4], [5], [6]]])
        {
            using GradientAccumulator owner = _example.Accumulator();
            foreach (int[] part in parts)
            {
                using GradientAccumulator rank = _example.Accumulator();
                foreach (int g in part)
                {
                    _example.AddGroup(rank, g);
                }

                SendAll(rank, owner);
            }

            Assert.All(Enumerable.Range(0, SumExample.Shards), s => Assert.True(owner.IsComplete(s)));
            Assert.Equal(quiet, Announce(owner, null));
        }
    }

    [Fact]
    public void Add_ReplicasExchangeOwnSums_EveryOwnerAnnouncesTheSame()
    {
        using GradientAccumulator whole = _example.Accumulator();
        using GradientAccumulator left = _example.Accumulator();
        using GradientAccumulator right = _example.Accumulator();
        using GradientAccumulator leftForeign = _example.Accumulator();
        using GradientAccumulator rightForeign = _example.Accumulator();
        for (int g = 0; g < SumExample.Groups; g++)
        {
            _example.AddGroup(whole, g);
            _example.AddGroup(g < 3 ? left : right, g);
        }

        SendAll(left, rightForeign);
        SendAll(right, leftForeign);
        Announcement[] quiet = Announce(whole, null);
        Assert.Equal(quiet, Announce(left, leftForeign));
        Assert.Equal(quiet, Announce(right, rightForeign));
    }

    [Fact]
    public void Add_GroupThatIsThereAlready_IsRefusedAndChangesNothing()
    {
        using GradientAccumulator rank = _example.Accumulator();
        using GradientAccumulator owner = _example.Accumulator(2);
        _example.AddGroup(rank, 3);
        SumExample.Receive(owner, SumExample.Frame(rank, 1, 2));
        _example.AddGroup(rank, 4);
        byte[] before = SumExample.Frame(owner, 1, 2);
        OverlappingGroupsException refused = Assert.Throws<OverlappingGroupsException>(() => SumExample.Receive(owner, SumExample.Frame(rank, 1, 2)));
        Assert.Contains("holds groups 3;", refused.Message, StringComparison.Ordinal);
        Assert.Contains("3-4", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, SumExample.Frame(owner, 1, 2));
        Assert.Throws<OverlappingGroupsException>(() => rank.BeginGroup(4));
    }

    [Fact]
    public void Add_SingleGroupAsFp32_EqualsItsIntegers()
    {
        using GradientAccumulator rank = _example.Accumulator();
        _example.AddGroup(rank, 6);
        using GradientAccumulator integers = _example.Accumulator();
        using GradientAccumulator floats = _example.Accumulator();
        const int Layer = 2;
        for (int shard = 0; shard < SumExample.Shards; shard++)
        {
            SumExample.Receive(integers, SumExample.Frame(rank, Layer, shard));
            SumExample.Receive(floats, FloatFrame(rank, Layer, shard, 6));
            Assert.Equal(SumExample.Frame(integers, Layer, shard), SumExample.Frame(floats, Layer, shard));
        }
    }

    [Fact]
    public void AddGradient_InvalidValue_CountsAsZeroAndRaisesTheFlagOfItsRangeOnly()
    {
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, 16384f / SumExample.Groups])
        {
            using GradientAccumulator accumulator = _example.Accumulator();
            accumulator.BeginGroup(0);
            float[] gradient = _example.Gradient(0, 1);
            gradient[16384 + 5] = bad;
            accumulator.AddGradient(1, _example.Offer(gradient));

            accumulator.CompleteLayer(1);
            int chunk = _example.Layout.Find(1, 16384).Index;
            Assert.Equal(0, _example.Sum(accumulator, chunk)[5]);
            for (int shard = 0; shard < SumExample.Shards; shard++)
            {
                Assert.Equal(shard != chunk % SumExample.Shards, accumulator.IsValid(1, shard));
            }

            using GradientAccumulator owner = _example.Accumulator();
            SumExample.Receive(owner, SumExample.Frame(accumulator, 1, chunk % SumExample.Shards));
            Assert.False(owner.IsValid(1, chunk % SumExample.Shards));
        }
    }

    [Fact]
    public void Reset_AfterAnAbandonedGroup_LeavesNoTrace()
    {
        using GradientAccumulator accumulator = _example.Accumulator();
        accumulator.BeginGroup(1);
        accumulator.AddGradient(3, _example.Offer(_example.Gradient(1, 3)));

        Assert.Throws<InvalidOperationException>(() => accumulator.BeginGroup(2));
        Assert.Throws<InvalidOperationException>(() => accumulator.EndGroup(default, true));
        accumulator.Reset();
        using GradientAccumulator fresh = _example.Accumulator();
        _example.AddGroup(accumulator, 2);
        _example.AddGroup(fresh, 2);
        Assert.Equal(SumExample.Frame(fresh, 2, 1), SumExample.Frame(accumulator, 2, 1));
    }

    [Fact]
    public void Read_AnyByteChanged_FrameIsRefused()
    {
        using GradientAccumulator rank = _example.Accumulator();
        _example.AddGroup(rank, 0);
        byte[] good = SumExample.Frame(rank, 3, _example.Layout.Find(4, 0).Index % SumExample.Shards);
        for (int i = 0; i < good.Length; i++)
        {
            using GradientAccumulator owner = _example.Accumulator();
            byte[] bad = [.. good];
            bad[i] ^= 0x10;
            Exception thrown = Assert.ThrowsAny<Exception>(() => SumExample.Receive(owner, bad));
            Assert.True(thrown is SumFrameException or SumDigestMismatchException, $"byte {i}: {thrown.GetType()}");
            Assert.Equal(0, owner.GroupsOf(3, 0).Count);
        }

        using GradientAccumulator other = _example.Accumulator();
        Assert.Throws<SumFrameException>(() => SumExample.Receive(other, good[..^8]));
        Assert.Throws<SumFrameException>(() => SumExample.Receive(other, [.. good, 0]));
    }

    [Fact]
    public void Add_PayloadWithoutItsDigest_HasNoEffect()
    {
        using GradientAccumulator rank = _example.Accumulator();
        using GradientAccumulator second = _example.Accumulator();
        _example.AddGroup(rank, 0);
        _example.AddGroup(second, 1);
        foreach (bool isFirst in (bool[])[true, false])
        {
            using GradientAccumulator owner = _example.Accumulator();
            using GradientAccumulator quiet = _example.Accumulator();
            for (int layer = 0; layer < _example.Layout.Layers; layer++)
            {
                for (int shard = 0; shard < SumExample.Shards; shard++)
                {
                    byte[] good = SumExample.Frame(rank, layer, shard);
                    if (!isFirst)
                    {
                        SumExample.Receive(owner, SumExample.Frame(second, layer, shard));
                        SumExample.Receive(quiet, SumExample.Frame(second, layer, shard));
                    }

                    SumExample.Receive(quiet, good);
                    if (_example.Layout.ElementsOfRange(layer, shard) > 0)
                    {
                        byte[] bad = [.. good];
                        bad[^1] ^= 1;
                        Assert.Throws<SumDigestMismatchException>(() => SumExample.Receive(owner, bad));
                    }

                    SumExample.Receive(owner, good);
                    Assert.Equal(SumExample.Frame(quiet, layer, shard), SumExample.Frame(owner, layer, shard));
                }
            }
        }
    }

    [Fact]
    public void Announce_SumChangedInMemory_IsFoundByTheDigestsOfItsContributions()
    {
        using GradientAccumulator rank = _example.Accumulator();
        using GradientAccumulator owner = _example.Accumulator();
        for (int g = 0; g < SumExample.Groups; g++)
        {
            _example.AddGroup(rank, g);
        }

        SendAll(rank, owner);
        long[] changed = _example.Sum(owner, 2);
        changed[100] ^= 1;
        _example.Provider.Write<long>(_example.SumTensor(owner, 2), changed);
        Assert.Throws<SumDigestMismatchException>(() => Announce(owner, null));
    }

    [Fact]
    public void Announce_MissingRange_IsRefused()
    {
        using GradientAccumulator rank = _example.Accumulator();
        _example.AddGroup(rank, 0);
        Assert.Throws<InvalidOperationException>(() => Announce(rank, null));
    }

    private static void SendAll(GradientAccumulator from, GradientAccumulator to)
    {
        for (int layer = 0; layer <= from.Layout.Layers; layer++)
        {
            foreach (int shard in to.Placement.Shards)
            {
                SumExample.Receive(to, SumExample.Frame(from, layer, shard));
            }
        }
    }

    private Announcement[] Announce(GradientAccumulator own, GradientAccumulator? foreign)
    {
        using PackedParameters parameters = new(_example.Provider, _example.Layout);
        using TrainingState state = _example.State(parameters);
        using ShardOwner owner = new(state, own, foreign, _example.ParameterGroups);
        Announcement[] announcements = new Announcement[owner.Count];
        owner.Announce(SumExample.Id, 0, announcements);
        return announcements;
    }

    private byte[] FloatFrame(GradientAccumulator from, int layer, int shard, int group)
    {
        byte[] integers = SumExample.Frame(from, layer, shard);
        ulong[] words = new ulong[GroupSet.WordsFor(SumExample.Groups)];
        SumFrame frame = SumFrame.Read(integers, words, SumExample.Id.RunId);
        byte[] bytes = new byte[SumFrame.EncodedBytes(SumExample.Id.RunId, SumExample.Groups, frame.Elements * sizeof(float))];
        int at = SumFrame.WriteHeader(
            bytes, SumExample.Id, layer, shard, SumPayload.Float32, true, frame.Digest, frame.Groups, frame.Elements, frame.Elements * sizeof(float));
        ParameterSlot slot = _example.Layout.Tensors.Single(t => t.Tensor.Layer == layer);
        float[] gradient = _example.Gradient(group, slot.Index);
        for (int c = _example.Layout.FirstChunkOfRange(layer, shard); c < _example.Layout.FirstChunkOfLayer(layer + 1); c += SumExample.Shards)
        {
            ParameterChunk chunk = _example.Layout.ChunkAt(c);
            for (int i = 0; i < chunk.Length; i++, at += 4)
            {
                BitConverter.TryWriteBytes(bytes.AsSpan(at), gradient[chunk.Offset + i]);
            }
        }

        return bytes;
    }
}
