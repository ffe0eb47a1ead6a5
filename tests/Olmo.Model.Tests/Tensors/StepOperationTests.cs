using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;
using Olmo.Model.Tests.Kernels;

namespace Olmo.Model.Tests.Tensors;

/// <summary>The operations of owners on the CPU provider, against plain formulas: integers exactly, the update as closely as fp32 allows, in every width and thread count.</summary>
public sealed class StepOperationTests
{
    private const int Elements = 3 * ChunkRange.MaxLength;
    private const float Limit = 4096f;

    // Lengths that are multiples of nothing, a chunk that is left out, other places in the tensor than in packed memory.
    private static readonly ChunkRange[] Ranges =
    [
        new(ChunkRange.MaxLength, 0, 101, 5), new(777, 20_001, 17_003, 1UL << 40), new(1, 30_000, 0, 3), new(9_999, 31_007, 20_111, ulong.MaxValue - 4_000),
    ];

    [Fact]
    public void Operations_EveryWidthAndThreadCount_AgreeWithPlainFormulas()
    {
        using Fp64Provider oracle = new();
        Outcome expected = Run(oracle);
        Assert.Equal([1, 0, 0, 1], expected.Flags);
        float[]? firstState = null;
        long[]? firstDigests = null;
        foreach (SimdWidth width in Enum.GetValues<SimdWidth>().Where(Hardware.Runs))
        {
            foreach (int threads in (int[])[1, 2])
            {
                using ComputePool pool = new(threads);
                using CpuProvider provider = new(pool, width);
                Outcome actual = Run(provider);
                Assert.Equal(expected.Sums, actual.Sums);
                Assert.Equal(expected.Packed, actual.Packed);
                Assert.Equal(expected.Flags, actual.Flags);
                Assert.Equal(expected.SumDigests, actual.SumDigests);
                Assert.Equal(expected.StateDigests, actual.StateDigests);
                AssertClose(expected.Squares, actual.Squares, 1e-13);
                AssertClose(Array.ConvertAll(expected.State, v => (double)v), Array.ConvertAll(actual.State, v => (double)v), 3e-6);
                firstState ??= actual.State;
                firstDigests ??= actual.UpdatedDigests;
                Assert.Equal(firstState, actual.State);
                Assert.Equal(firstDigests, actual.UpdatedDigests);
                Assert.Equal(actual.UpdatedDigests, actual.DigestsAgain);
                Assert.Equal(expected.Gradient, actual.Gradient);
                Assert.Equal(actual.State, actual.StateByGradient);
            }
        }
    }

    [Fact]
    public void Operations_RangeOutsideItsTensor_IsRefusedAndNamesBoth()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using Memory memory = new(provider);
        foreach (ChunkRange range in (ChunkRange[])[new(8, Elements - 7, 0, 0), new(8, 0, Elements - 7, 0), new(8, -1, 0, 0), new(ChunkRange.MaxLength + 1, 0, 0, 0), new(0, 0, 0, 0)])
        {
            ArgumentException error = Assert.Throws<ArgumentException>(
                () => provider.AddRounded(memory.P, memory.Sums, [range], Limit, accumulate: false, memory.Flags.View(0, new Shape(1))));
            Assert.Contains("'sums'", error.Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>(() => provider.AddRounded(memory.P, memory.Sums, Ranges, Limit, accumulate: false, memory.Flags.View(0, new Shape(1))));
        Assert.Throws<ArgumentException>(() => provider.Measure(memory.P, default, Ranges, memory.Digests, default, default));
        Assert.Throws<ArgumentException>(() => provider.Measure(memory.Sums, default, Ranges, memory.Digests, default, memory.G));
        Assert.Throws<ArgumentException>(() => provider.AdamW(default, memory.G, memory.Other, memory.P, memory.M, memory.V, Ranges, memory.Digests));
        ArgumentException types = Assert.Throws<ArgumentException>(() => provider.DigestState(memory.P, memory.Sums, memory.V, Ranges, memory.Digests));
        Assert.Contains("'sums' is I64; F32 is needed", types.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => provider.ReadPacked(memory.Sums, new byte[100]));
        Assert.Throws<ArgumentException>(() => provider.WritePacked(memory.Sums, new byte[100]));
        using Fp64Provider other = new();
        using Memory foreign = new(other);
        ArgumentException device = Assert.Throws<ArgumentException>(() => provider.AddIntegers(foreign.Sums, memory.Sums));
        Assert.Contains("of 'fp64'", device.Message, StringComparison.Ordinal);
    }

    /// <summary>What the operations give on a provider.</summary>
    internal static Outcome Run(ITensorProvider provider)
    {
        using Memory memory = new(provider);
        RandomStream random = new(5, "step operations");
        float[] Values(ulong salt, double scale) =>
            [.. Enumerable.Range(0, Elements).Select(i => (float)(scale * (random.Uniform((salt * Elements) + (ulong)i) - 0.5)))];

        float[] gradient = Values(0, 1e-2);
        gradient[70] = float.NaN;
        gradient[31_007 + 9_998] = -Limit;
        gradient[20_001] = MathF.BitDecrement(Limit);
        float[] second = Values(1, 1e-3);
        provider.Write<float>(memory.P, gradient);
        provider.AddRounded(memory.P, memory.Sums, Ranges, Limit, accumulate: false, memory.Flags);
        provider.Write<float>(memory.P, second);
        provider.AddRounded(memory.P, memory.Sums, Ranges, Limit, accumulate: true, memory.Flags);
        provider.Write<float>(memory.P, second);
        provider.AddRounded(memory.P, memory.Other, Ranges, Limit, accumulate: false, memory.Flags);
        provider.AddIntegers(memory.Sums, memory.Other);
        byte[] packed = new byte[9 * Elements];
        int bytes = provider.ReadPacked(memory.Other, packed);
        provider.Zero(memory.Other);
        Assert.Equal(bytes, provider.WritePacked(memory.Other, packed.AsSpan(0, bytes)));
        provider.Measure(memory.Sums, memory.Other, Ranges, memory.Digests, memory.Squares, memory.G);
        Outcome outcome = new()
        {
            Sums = Read<long>(provider, memory.Other),
            Packed = packed[..bytes],
            Flags = Read<int>(provider, memory.Flags),
            SumDigests = Read<long>(provider, memory.Digests),
            Squares = Read<double>(provider, memory.Squares),
            Gradient = Read<float>(provider, memory.G),
        };
        provider.Write<float>(memory.P, Values(2, 1.0));
        provider.Write<float>(memory.M, Values(3, 1e-2));
        provider.Write<float>(memory.V, Array.ConvertAll(Values(4, 1e-2), MathF.Abs));
        provider.DigestState(memory.P, memory.M, memory.V, Ranges, memory.Digests);
        outcome.StateDigests = Read<long>(provider, memory.Digests);
        AdamWStep step = new(0.7f, 0.999f, 0.1f, 0.95f, 0.05f, 3e-3f, 1.7f, 1e-8f);
        provider.AdamW(step, memory.Sums, memory.Other, memory.P, memory.M, memory.V, Ranges, memory.Digests);
        outcome.UpdatedDigests = Read<long>(provider, memory.Digests);
        provider.DigestState(memory.P, memory.M, memory.V, Ranges, memory.Digests);
        outcome.DigestsAgain = Read<long>(provider, memory.Digests);
        outcome.State = ReadState(provider, memory);

        // The same update by the gradient that was kept.
        provider.Write<float>(memory.P, Values(2, 1.0));
        provider.Write<float>(memory.M, Values(3, 1e-2));
        provider.Write<float>(memory.V, Array.ConvertAll(Values(4, 1e-2), MathF.Abs));
        provider.AdamW(step, memory.G, default, memory.P, memory.M, memory.V, Ranges, memory.Digests);
        outcome.StateByGradient = ReadState(provider, memory);
        return outcome;
    }

    private static float[] ReadState(ITensorProvider provider, Memory memory) =>
        [.. Read<float>(provider, memory.P), .. Read<float>(provider, memory.M), .. Read<float>(provider, memory.V)];

    private static T[] Read<T>(ITensorProvider provider, in Tensor tensor)
        where T : unmanaged
    {
        T[] values = new T[tensor.Count];
        provider.Read(tensor, values.AsSpan());
        return values;
    }

    private static void AssertClose(double[] expected, double[] actual, double tolerance)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(1.0, Math.Abs(expected[i])), $"[{i}] is {actual[i]:R} instead of {expected[i]:R}");
        }
    }

    internal sealed class Outcome
    {
        public long[] Sums { get; set; } = [];

        public required byte[] Packed { get; init; }

        public int[] Flags { get; set; } = [];

        public long[] SumDigests { get; set; } = [];

        public double[] Squares { get; set; } = [];

        public long[] StateDigests { get; set; } = [];

        public float[] State { get; set; } = [];

        public float[] Gradient { get; set; } = [];

        public float[] StateByGradient { get; set; } = [];

        public long[] UpdatedDigests { get; set; } = [];

        public long[] DigestsAgain { get; set; } = [];
    }

    private sealed class Memory : IDisposable
    {
        private readonly BufferSet _memory;

        public Memory(ITensorProvider provider)
        {
            BufferPlan plan = new();
            TensorSlot[] floats = [.. ((string[])["p", "m", "v", "gradient"]).Select(n => plan.Add(n, DType.F32, new Shape(Elements)))];
            TensorSlot[] sums = [.. ((string[])["sums", "other"]).Select(n => plan.Add(n, DType.I64, new Shape(Elements)))];
            TensorSlot flags = plan.Add("flags", DType.I32, new Shape(Ranges.Length));
            TensorSlot digests = plan.Add("digests", DType.I64, new Shape(Ranges.Length));
            TensorSlot squares = plan.Add("squares", DType.F64, new Shape(Ranges.Length));
            _memory = provider.Allocate(plan);
            (P, M, V, G) = (_memory[floats[0]], _memory[floats[1]], _memory[floats[2]], _memory[floats[3]]);
            (Sums, Other) = (_memory[sums[0]], _memory[sums[1]]);
            (Flags, Digests, Squares) = (_memory[flags], _memory[digests], _memory[squares]);
        }

        public Tensor P { get; }

        public Tensor M { get; }

        public Tensor V { get; }

        public Tensor G { get; }

        public Tensor Sums { get; }

        public Tensor Other { get; }

        public Tensor Flags { get; }

        public Tensor Digests { get; }

        public Tensor Squares { get; }

        public void Dispose() => _memory.Dispose();
    }
}
