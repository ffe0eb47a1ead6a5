using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

/// <summary>Products of weights that are rounded where they are read against products of a rounded copy, bit for bit.</summary>
public sealed class SeenAsBFloat16Tests
{
    // Few rows; a common operand on either side, with borders and more than one depth; more than one packed block of rows or columns.
    private static readonly (int Rows, int Outputs, int Inputs)[] Sizes =
    [
        (1, 1, 1), (1, 33, 300), (5, 65, 257), (48, 70, 300), (49, 37, 520), (64, 96, 256), (130, 96, 1300), (60, 1100, 40), (1100, 1090, 3), (1030, 2130, 2),
    ];

    public static TheoryData<SimdWidth, int> Cases
    {
        get
        {
            var cases = new TheoryData<SimdWidth, int>();
            foreach (SimdWidth width in Enum.GetValues<SimdWidth>().Where(SimdWidths.IsSupported))
            {
                cases.Add(width, 1);
                cases.Add(width, 2);
                cases.Add(width, 3);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_OfAWeightSeenAsBFloat16_HaveTheBitsOfARoundedCopy(SimdWidth width, int threads)
    {
        using ComputePool pool = new(threads);
        using CpuProvider provider = new(pool, width);
        foreach ((int rows, int outputs, int inputs) in Sizes)
        {
            using Matrices m = new(provider, rows, outputs, inputs);
            foreach (bool accumulate in new[] { false, true })
            {
                m.AssertSame((weight, x, y) => provider.Linear(x, weight, y, accumulate), $"{rows} x {outputs} x {inputs}, {accumulate}");
                m.AssertSame((weight, x, y) => provider.LinearInputGradient(y, weight, x, accumulate), $"gradient of {rows} x {outputs} x {inputs}, {accumulate}");
            }

            m.AssertWeightIsAsItWas();
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void LossHead_OfAWeightSeenAsBFloat16_HasTheBitsOfARoundedCopy(SimdWidth width, int threads)
    {
        using ComputePool pool = new(threads);
        using CpuProvider provider = new(pool, width);
        const int Rows = 70;
        const int Vocabulary = 203;
        const int Width = 37;
        using Matrices m = new(provider, Rows, Vocabulary, Width);
        BufferPlan plan = new();
        TensorSlot logits = plan.Add("logits", DType.F32, new Shape(52, Vocabulary)); // two tiles of rows
        TensorSlot weightGradient = plan.Add("dW", DType.F32, new Shape(Vocabulary, Width));
        TensorSlot losses = plan.Add("losses", DType.F32, new Shape(3, Rows));
        TensorSlot labels = plan.Add("labels", DType.I32, new Shape(Rows));
        TensorSlot dx = plan.Add("dx", DType.F32, new Shape(Rows, Width));
        using BufferSet memory = provider.Allocate(plan);
        provider.Write<int>(memory[labels], [.. Enumerable.Range(0, Rows).Select(t => t % 7 == 3 ? LossHeadPass.IgnoredLabel : t)]);
        float[] Run(Tensor weight)
        {
            provider.LossHead(new LossHeadPass
            {
                Input = m.Input,
                Weight = weight,
                Labels = memory[labels],
                Divisor = 60.0,
                ZMultiplier = 1e-4,
                CrossEntropy = memory[losses].RowRange(0, 1),
                ZLoss = memory[losses].RowRange(1, 1),
                LogProbability = memory[losses].RowRange(2, 1),
                Logits = memory[logits],
                InputGradient = memory[dx],
                WeightGradient = memory[weightGradient],
            });
            return [.. m.Read(memory[losses]), .. m.Read(memory[dx]), .. m.Read(memory[weightGradient])];
        }

        float[] expected = Run(m.Rounded);
        Assert.Equal(expected, Run(m.Weight.SeenAsBFloat16()));
        Assert.NotEqual(expected, Run(m.Weight));
    }

    [Fact]
    public void Linear_OfNaNsInfinitiesAndTies_RoundsThemAsACopyIsRounded()
    {
        using ComputePool pool = new(1);
        foreach (SimdWidth width in Enum.GetValues<SimdWidth>().Where(SimdWidths.IsSupported))
        {
            using CpuProvider provider = new(pool, width);
            using Matrices m = new(provider, rows: 1, outputs: 8, inputs: 1);
            uint[] patterns = [0x7F800001, 0x7FC00000, 0xFF800000, 0x7F7FFFFF, 0x3F808000, 0x3F818000, 0x00018000, 0x80000001];
            provider.Write<float>(m.Weight, [.. patterns.Select(BitConverter.UInt32BitsToSingle)]);
            provider.Write<float>(m.Input, [1f]);
            provider.Linear(m.Input, m.Weight.SeenAsBFloat16(), m.Found);
            Assert.Equal(
                patterns.Select(p => BFloat16.Widen(BFloat16.Round(BitConverter.UInt32BitsToSingle(p)))), m.Read(m.Found));
        }
    }

    [Fact]
    public void TensorSeenAsBFloat16_UsedByAnythingButAProduct_IsRefused()
    {
        using ComputePool pool = new(1);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using Matrices m = new(provider, rows: 4, outputs: 4, inputs: 4);
        Tensor seen = m.Weight.SeenAsBFloat16();
        float[] values = new float[16];
        Action[] calls =
        [
            () => provider.Add(seen, m.Input, m.Found), () => provider.Copy(seen, m.Found), () => provider.Read<float>(seen, values), () => provider.Write<float>(seen, values), () => provider.Zero(seen),
            () => provider.Linear(seen, m.Weight, m.Found), () => provider.Linear(m.Input, m.Weight, seen), () => provider.LinearWeightGradient(m.Input, seen, m.Found, accumulate: false),
            () => provider.RoundToBFloat16(seen, m.Found, default),
        ];
        foreach (Action call in calls)
        {
            Assert.Contains("'weight' is seen as bf16", Assert.Throws<ArgumentException>(call).Message, StringComparison.Ordinal);
        }

        Assert.True(seen.RowRange(1, 2).IsSeenAsBFloat16);
        Assert.Equal(m.Weight, seen.AsStored());
        BufferPlan plan = new();
        TensorSlot half = plan.Add("half", DType.BF16, new Shape(2));
        using BufferSet other = provider.Allocate(plan);
        Assert.Contains("BF16", Assert.Throws<InvalidOperationException>(() => other[half].SeenAsBFloat16()).Message, StringComparison.Ordinal);
    }

    private sealed class Matrices : IDisposable
    {
        private readonly CpuProvider _provider;
        private readonly BufferSet _memory;
        private readonly float[] _weights;
        private readonly float[] _inputs;
        private readonly float[] _outputs;

        public Matrices(CpuProvider provider, int rows, int outputs, int inputs)
        {
            _provider = provider;
            BufferPlan plan = new();
            TensorSlot x = plan.Add("x", DType.F32, new Shape(rows, inputs));
            TensorSlot y = plan.Add("y", DType.F32, new Shape(rows, outputs));
            TensorSlot w = plan.Add("weight", DType.F32, new Shape(outputs, inputs));
            TensorSlot rounded = plan.Add("rounded weight", DType.F32, new Shape(outputs, inputs));
            _memory = provider.Allocate(plan);
            (Input, Found, Weight, Rounded) = (_memory[x], _memory[y], _memory[w], _memory[rounded]);
            _inputs = Random(1, rows * inputs);
            _weights = Random(2, outputs * inputs);
            _outputs = Random(3, rows * outputs);
            provider.Write<float>(Input, _inputs);
            provider.Write<float>(Weight, _weights);
            provider.Write<float>(Rounded, [.. _weights.Select(v => BFloat16.Widen(BFloat16.Round(v)))]);
        }

        public Tensor Input { get; }

        public Tensor Found { get; }

        public Tensor Weight { get; }

        public Tensor Rounded { get; }

        public float[] Read(in Tensor tensor)
        {
            float[] values = new float[tensor.Count];
            _provider.Read<float>(tensor, values);
            return values;
        }

        public void AssertSame(Action<Tensor, Tensor, Tensor> product, string what)
        {
            float[] expected = Run(Rounded, product);
            float[] found = Run(Weight.SeenAsBFloat16(), product);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.True(BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(found[i]), $"{what}, element {i}: {expected[i]:R}, found {found[i]:R}");
            }
        }

        public void AssertWeightIsAsItWas() => Assert.Equal(_weights, Read(Weight));

        public void Dispose() => _memory.Dispose();

        // Of inputs and outputs one is read and the other written.
        private float[] Run(Tensor weight, Action<Tensor, Tensor, Tensor> product)
        {
            _provider.Write<float>(Input, _inputs);
            _provider.Write<float>(Found, _outputs);
            product(weight, Input, Found);
            return [.. Read(Input), .. Read(Found)];
        }

        private static float[] Random(ulong seed, int count)
        {
            float[] values = new float[count];
            TruncatedNormal.Fill(new RandomStream(seed, "seen as bf16"), 1.0, 0, values);
            return values;
        }
    }
}
