using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

/// <summary>Products and embeddings of packed weights against the same values in rows, bit for bit.</summary>
public sealed class PackedWeightTests
{
    public static TheoryData<SimdWidth, int, DType> Cases
    {
        get
        {
            var cases = new TheoryData<SimdWidth, int, DType>();
            foreach (SimdWidth width in Enum.GetValues<SimdWidth>().Where(SimdWidths.IsSupported))
            {
                cases.Add(width, 1, DType.F32);
                cases.Add(width, 2, DType.F32);
                cases.Add(width, 1, DType.BF16);
                cases.Add(width, 2, DType.BF16);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Linear_OfPackedWeight_HasTheBitsOfTheRows(SimdWidth width, int threads, DType type)
    {
        using ComputePool pool = new(threads);
        using CpuProvider provider = new(pool, width);
        foreach ((int rows, int outputs, int inputs) in new[]
        {
            (1, 1, 1), (1, 64, 256), (1, 31, 7), (1, 33, 300), (1, 97, 513), (1, 203, 1100), (2, 40, 33), (5, 65, 257), (48, 70, 300), (49, 37, 520), (130, 96, 259), (60, 1100, 40), (1100, 1090, 3),
        })
        {
            foreach (bool accumulate in new[] { false, true })
            {
                AssertSame(provider, type, rows, outputs, inputs, accumulate);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Embedding_OfPackedTable_HasTheBitsOfTheRows(SimdWidth width, int threads, DType type)
    {
        using ComputePool pool = new(threads);
        using CpuProvider provider = new(pool, width);
        using Matrices m = new(provider, type, rows: 9, outputs: 75, inputs: 19);
        int[] ids = [0, 15, 16, 31, 32, 33, 64, 74, 7];
        provider.Write<int>(m.Ids, ids);
        provider.Embedding(m.Weight, m.Ids, m.Found);
        float[] found = m.Read(m.Found);
        for (int t = 0; t < ids.Length; t++)
        {
            for (int p = 0; p < 19; p++)
            {
                Assert.Equal(m.Values[(ids[t] * 19) + p], found[(t * 19) + p]);
            }
        }
    }

    [Fact]
    public void PackedTensor_UsedAsRows_IsRefused()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using Matrices m = new(provider, DType.F32, rows: 2, outputs: 40, inputs: 8);
        Assert.Contains("packed", Assert.Throws<ArgumentException>(() => provider.LinearInputGradient(m.Expected, m.Weight, m.Input)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => provider.Write<float>(m.Weight, m.Values));
        Assert.Throws<InvalidOperationException>(() => m.Weight.FirstRows(1));
        Assert.Throws<ArgumentException>(() => provider.Pack(m.Rows, m.Weight, 8)); // not a multiple of 32
    }

    private static void AssertSame(CpuProvider provider, DType type, int rows, int outputs, int inputs, bool accumulate)
    {
        using Matrices m = new(provider, type, rows, outputs, inputs);
        float[] start = m.Random(7, rows * outputs);
        provider.Write<float>(m.Expected, start);
        provider.Write<float>(m.Found, start);
        provider.Linear(m.Input, m.Rows, m.Expected, accumulate);
        provider.Linear(m.Input, m.Weight, m.Found, accumulate);
        float[] expected = m.Read(m.Expected);
        float[] found = m.Read(m.Found);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(found[i]), $"{rows} x {outputs} x {inputs}, element {i}: {expected[i]:R}, found {found[i]:R}");
        }
    }

    private sealed class Matrices : IDisposable
    {
        private readonly CpuProvider _provider;
        private readonly BufferSet _memory;

        public Matrices(CpuProvider provider, DType type, int rows, int outputs, int inputs)
        {
            _provider = provider;
            BufferPlan plan = new();
            TensorSlot x = plan.Add("x", DType.F32, new Shape(rows, inputs));
            TensorSlot w = plan.Add("weight", DType.F32, new Shape(outputs, inputs));
            TensorSlot packed = plan.AddPacked("packed weight", type, new Shape(outputs, inputs));
            TensorSlot expected = plan.Add("expected", DType.F32, new Shape(rows, outputs));
            TensorSlot found = plan.Add("found", DType.F32, new Shape(rows, Math.Max(outputs, inputs)));
            TensorSlot ids = plan.Add("ids", DType.I32, new Shape(rows));
            _memory = provider.Allocate(plan);
            Input = _memory[x];
            Rows = _memory[w];
            Weight = _memory[packed];
            Expected = _memory[expected];
            Ids = _memory[ids];
            Found = _memory[found].View(0, new Shape(rows, outputs == 75 ? inputs : outputs));
            provider.Write<float>(Input, Random(1, rows * inputs));
            Values = Random(2, outputs * inputs);
            if (type == DType.BF16)
            {
                Values = [.. Values.Select(v => BFloat16.Widen(BFloat16.Round(v)))];
            }

            provider.Write<float>(Rows, Values);

            // In two parts where it has so many rows, as files are read.
            long first = outputs > 64 ? 32 : outputs;
            provider.Pack(Rows.RowRange(0, first), Weight, 0);
            if (first < outputs)
            {
                provider.Pack(Rows.RowRange(first, outputs - first), Weight, first);
            }
        }

        public Tensor Input { get; }

        public Tensor Rows { get; }

        public Tensor Weight { get; }

        public Tensor Expected { get; }

        public Tensor Found { get; }

        public Tensor Ids { get; }

        public float[] Values { get; }

        public float[] Random(ulong seed, int count)
        {
            float[] values = new float[count];
            TruncatedNormal.Fill(new RandomStream(seed, "packed"), 1.0, 0, values);
            return values;
        }

        public float[] Read(in Tensor tensor)
        {
            float[] values = new float[tensor.Count];
            _provider.Read<float>(tensor, values);
            return values;
        }

        public void Dispose() => _memory.Dispose();
    }
}
