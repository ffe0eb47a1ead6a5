using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Cuda;

/// <summary>Attention over caches on a GPU against the CPU: prompts, single rows and both in one pass, with the keys of a row in one piece or several.</summary>
public sealed class CudaCachedAttentionTests
{
    [CudaTheory]
    [InlineData(DType.F32, DType.F32, 12, 1, 0)]
    [InlineData(DType.F32, DType.F32, 64, 3, 70)]
    [InlineData(DType.F32, DType.BF16, 24, 2, 0)]
    [InlineData(DType.BF16, DType.F32, 64, 5, 0)]
    [InlineData(DType.BF16, DType.F32, 128, 1, 40)]
    [InlineData(DType.BF16, DType.BF16, 64, 1, 270)]
    [InlineData(DType.BF16, DType.BF16, 128, 16, 0)]
    [InlineData(DType.BF16, DType.BF16, 200, 2, 0)]
    public void CachedAttention_InPasses_IsThatOfTheCpu(DType type, DType cacheType, int width, int group, int window)
    {
        const int Prompt = 530;
        CacheSegment[][] passes =
        [
            [new(1, 0, Prompt, 0)],
            [new(0, 0, 3, 0)],
            [new(0, 1, 20, 3), new(2, 0, 1, 0)],
            [new(2, 0, 1, 1), new(0, 1, 1, 23), new(1, 2, 1, Prompt)],
            [new(1, 2, 17, Prompt + 1), new(2, 0, 2, 2)],
        ];
        using DevicePair pair = new();
        CacheGeometry g = new(3, CacheGeometry.CapacityFor(Prompt + 18), 2 * group, 2, width, window);
        Shape cache = new((long)g.Slots * g.Capacity, (long)g.KeyHeads * width);
        Twin keys = new(pair.Allocate(pair.Cpu, "keys", DType.F32, cache), pair.Allocate(pair.Cuda, "keys", cacheType, cache));
        Twin values = new(pair.Allocate(pair.Cpu, "values", DType.F32, cache), pair.Allocate(pair.Cuda, "values", cacheType, cache));
        for (int i = 0; i < passes.Length; i++)
        {
            int rows = passes[i].Sum(s => s.Rows);
            Twin query = pair.Random($"q{i}", type, new Shape(rows, g.QueryHeads * width), 2.0);
            Twin key = Rounded(pair, $"k{i}", type, new Shape(rows, g.KeyHeads * width), 2.0);
            Twin value = Rounded(pair, $"v{i}", type, new Shape(rows, g.KeyHeads * width), 1.0);
            Twin output = pair.Random($"y{i}", type, new Shape(rows, g.QueryHeads * width));
            pair.Cpu.CachedAttention(g, passes[i], query.Cpu, key.Cpu, value.Cpu, keys.Cpu, values.Cpu, output.Cpu);
            pair.Cuda.CachedAttention(g, passes[i], query.Cuda, key.Cuda, value.Cuda, keys.Cuda, values.Cuda, output.Cuda);
            pair.AssertClose(output);
        }
    }

    [CudaFact]
    public void CachedAttention_OfARow_DoesNotDependOnTheOthers()
    {
        using DevicePair pair = new();
        CacheGeometry g = new(2, 640, 4, 2, 64, 0);
        Shape cache = new((long)g.Slots * g.Capacity, (long)g.KeyHeads * g.HeadWidth);
        Twin keys = pair.Random("keys", DType.F32, cache);
        Twin values = pair.Random("values", DType.F32, cache);
        Twin[] rows = [.. new[] { 4, 2, 2, 4 }.Select((heads, i) => pair.Random($"rows {i}", DType.F32, new Shape(2, heads * g.HeadWidth)))];
        Attend(new CacheSegment(0, 0, 1, 30), new CacheSegment(1, 1, 1, 600));
        float[] both = pair.ReadCuda(rows[3]);
        Attend(new CacheSegment(1, 1, 1, 600));
        Assert.Equal(both, pair.ReadCuda(rows[3]));

        void Attend(params CacheSegment[] segments) =>
            pair.Cuda.CachedAttention(g, segments, rows[0].Cuda, rows[1].Cuda, rows[2].Cuda, keys.Cuda, values.Cuda, rows[3].Cuda);
    }

    // What a cache of either type holds exactly.
    private static Twin Rounded(DevicePair pair, string name, DType type, Shape shape, double scale)
    {
        Twin half = pair.Random(name, DType.BF16, shape, scale);
        return type == DType.BF16 ? half : pair.Of(name, type, shape, pair.ReadCpu(half));
    }
}
