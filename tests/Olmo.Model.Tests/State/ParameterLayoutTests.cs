using Olmo.Model.State;

namespace Olmo.Model.Tests.State;

public sealed class ParameterLayoutTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(1000)]
    public void Layout_AnyShardCount_EveryElementIsInExactlyOneChunkOfOneShard(int shards)
    {
        ParameterLayout layout = Example(shards);
        long next = 0;
        long[] elements = new long[shards];
        for (int c = 0; c < layout.Chunks; c++)
        {
            ParameterChunk chunk = layout.ChunkAt(c);
            Assert.Equal(next, chunk.FirstElement);
            Assert.InRange(chunk.Length, 1, ParameterLayout.ChunkElements);
            Assert.Equal(c, layout.Find(chunk.Tensor, chunk.Offset).Index);
            Assert.Equal(c, layout.Find(chunk.Tensor, chunk.Offset + chunk.Length - 1).Index);
            next += chunk.Length;
            elements[layout.ShardOf(c)] += chunk.Length;
        }

        Assert.Equal(layout.Elements, next);
        for (int s = 0; s < shards; s++)
        {
            Assert.Equal(elements[s], layout.ElementsOfShard(s));
            for (int k = 0; k < layout.ChunksOfShard(s); k++)
            {
                Assert.Equal(s, layout.ShardOf(layout.ChunkOfShard(s, k)));
            }

            Assert.True(layout.ChunkOfShard(s, layout.ChunksOfShard(s)) >= layout.Chunks);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(64)]
    public void Ranges_AllOfThem_CoverEveryChunkOnce(int shards)
    {
        ParameterLayout layout = Example(shards);
        int[] seen = new int[layout.Chunks];
        long elements = 0;
        for (int layer = 0; layer < layout.Layers; layer++)
        {
            for (int shard = 0; shard < shards; shard++)
            {
                for (int c = layout.FirstChunkOfRange(layer, shard); c < layout.FirstChunkOfLayer(layer + 1); c += shards)
                {
                    Assert.Equal(layer, layout.LayerOf(c));
                    Assert.Equal(shard, layout.ShardOf(c));
                    seen[c]++;
                }

                elements += layout.ElementsOfRange(layer, shard);
            }
        }

        Assert.All(seen, n => Assert.Equal(1, n));
        Assert.Equal(layout.Elements, elements);
    }

    [Fact]
    public void Deal_OneCounterOverAllTensors_KeepsShardsEven()
    {
        // Many tensors of one chunk: dealing by the index inside each tensor would give shard 0 everything.
        ParameterLayout layout = new([.. Enumerable.Range(0, 90).Select(i => new ParameterShape($"w{i}", [100], i / 9))], 9);
        Assert.All(Enumerable.Range(0, 9), s => Assert.Equal(1000, layout.ElementsOfShard(s)));
    }

    [Fact]
    public void Layout_MoreThan32BitsOfElements_KeepsOffsets()
    {
        ParameterLayout layout = new([new("a", [100_352, 65_536], 0), new("b", [3], 1), new("c", [100_352, 65_536], 2)], 64);
        Assert.Equal((2L * 100_352 * 65_536) + 3, layout.Elements);
        ParameterChunk last = layout.ChunkAt(layout.Chunks - 1);
        Assert.Equal(layout.Elements, last.FirstElement + last.Length);
        Assert.Equal(2, last.Tensor);
        Assert.Equal(layout.Elements, Enumerable.Range(0, 64).Select(layout.ElementsOfShard).Sum());
    }

    [Fact]
    public void Hash_ShapeNameOrderOrShards_ChangeIt()
    {
        ParameterShape a = new("a", [4, 5], 0);
        ParameterShape b = new("b", [7], 0);
        string hash = new ParameterLayout([a, b], 4).Hash;
        Assert.Equal(hash, new ParameterLayout([a, b], 4).Hash);
        Assert.Equal(64, hash.Length);
        string[] others =
        [
            new ParameterLayout([b, a], 4).Hash, new ParameterLayout([a, b], 5).Hash, new ParameterLayout([a with { Shape = [5, 4] }, b], 4).Hash,
            new ParameterLayout([a, b with { Name = "c" }], 4).Hash,
        ];
        Assert.All(others, other => Assert.NotEqual(hash, other));
    }

    [Fact]
    public void Layout_BadTensors_AreRefusedByName()
    {
        ParameterShape a = new("a", [4], 0);
        Assert.Contains("'a' is there twice", Assert.Throws<ArgumentException>(() => new ParameterLayout([a, a], 1)).Message, StringComparison.Ordinal);
        Assert.Contains("'z'", Assert.Throws<ArgumentException>(() => new ParameterLayout([new("z", [0], 0)], 1)).Message, StringComparison.Ordinal);
        Assert.Contains("layer 2", Assert.Throws<ArgumentException>(() => new ParameterLayout([a, new("b", [4], 2)], 1)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ParameterLayout([a], 0));
    }

    [Fact]
    public void Placement_SomeShards_PacksTheirChunksInOrder()
    {
        ParameterLayout layout = Example(5);
        ShardPlacement placement = new(layout, [3, 1]);
        long next = 0;
        foreach (int c in placement.Held)
        {
            Assert.Contains(layout.ShardOf(c), (int[])[1, 3]);
            Assert.Equal(next, placement.OffsetOf(c));
            next += layout.ChunkAt(c).Length;
        }

        Assert.Equal(layout.ElementsOfShard(1) + layout.ElementsOfShard(3), next);
        Assert.Equal(-1, placement.OffsetOf(0));
        Assert.True(placement.Holds(1) && !placement.Holds(2) && !placement.IsWhole);
        ShardPlacement all = ShardPlacement.All(layout);
        Assert.True(all.IsWhole);
        Assert.All(Enumerable.Range(0, layout.Chunks), c => Assert.Equal(layout.ChunkAt(c).FirstElement, all.OffsetOf(c)));
        Assert.Throws<ArgumentException>(() => new ShardPlacement(layout, [5]));
        Assert.Throws<ArgumentException>(() => new ShardPlacement(layout, [1, 1]));
    }

    private static ParameterLayout Example(int shards) => new(
        [
            new("embed", [1003, 72], 0), new("q", [72, 72], 1), new("norm", [72], 1), new("up", [200, 72], 1), new("big", [3, 16384], 2), new("head", [1003, 72], 3),
        ],
        shards);
}
