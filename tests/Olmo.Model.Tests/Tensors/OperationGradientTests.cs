using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Numerics;
using Olmo.Model.Tensors;

namespace Olmo.Model.Tests.Tensors;

/// <summary>
/// Every operation's gradient: the fp64 provider against central finite differences of the scalar Σ dy ⊙ y, and the CPU provider against the fp64 provider.
/// </summary>
public sealed class OperationGradientTests
{
    public static TheoryData<string> Names => [.. OperationCase.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Fp64Gradient_OfEveryInput_EqualsFiniteDifferences(string name)
    {
        OperationCase operation = OperationCase.All[name];
        using OperationRun run = new(new Fp64Provider(), operation, asDouble: true);
        double[][] gradients = run.Backward();
        for (int input = 0; input < operation.Inputs.Length; input++)
        {
            for (int i = 0; i < gradients[input].Length; i += 1 + (gradients[input].Length / 23))
            {
                double expected = run.FiniteDifference(input, i);
                Assert.True(
                    Math.Abs(expected - gradients[input][i]) <= 1e-7 + (1e-6 * Math.Abs(expected)),
                    $"{name}, input {input} [{i}]: {gradients[input][i]:R}, finite difference {expected:R}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void CpuProvider_OutputAndGradients_EqualFp64(string name)
    {
        OperationCase operation = OperationCase.All[name];
        using OperationRun exact = new(new Fp64Provider(), operation, asDouble: true);
        using ComputePool pool = new(2);
        using CpuProvider provider = new(pool, SimdWidths.Best);
        using OperationRun single = new(provider, operation, asDouble: false);
        AssertClose(exact.Forward(), single.Forward(), $"{name} output");
        double[][] expected = exact.Backward();
        double[][] actual = single.Backward();
        for (int input = 0; input < expected.Length; input++)
        {
            AssertClose(expected[input], actual[input], $"{name} gradient {input}");
        }
    }

    private static void AssertClose(double[] expected, double[] actual, string what)
    {
        double scale = Math.Max(expected.Max(Math.Abs), 1e-3);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 4e-6 * scale, $"{what} [{i}]: {actual[i]:R}, fp64 {expected[i]:R}");
        }
    }

    /// <summary>A case on a provider, with its inputs drawn.</summary>
    private sealed class OperationRun : IDisposable
    {
        private readonly ITensorProvider _provider;
        private readonly OperationCase _case;
        private readonly BufferSet _memory;
        private readonly OperationTensors _tensors;
        private readonly bool _asDouble;

        public OperationRun(ITensorProvider provider, OperationCase operation, bool asDouble)
        {
            _provider = provider;
            _case = operation;
            _asDouble = asDouble;
            BufferPlan plan = new();
            TensorSlot[] inputs = [.. operation.Inputs.Select((s, i) => plan.Add($"input {i}", DType.F32, s))];
            TensorSlot[] gradients = [.. operation.Inputs.Select((s, i) => plan.Add($"gradient {i}", DType.F32, s))];
            TensorSlot output = plan.Add("output", DType.F32, operation.Output);
            TensorSlot outputGradient = plan.Add("output gradient", DType.F32, operation.Output);
            TensorSlot[] kept = [.. Enumerable.Range(0, 2).Select(i => plan.Add($"kept {i}", DType.F32, operation.Kept))];
            TensorSlot ids = plan.Add("ids", DType.I32, new Shape(operation.Ids.Length));
            TensorSlot[] scratch = [.. operation.Scratch.Select((s, i) => plan.Add($"scratch {i}", DType.F32, s))];
            _memory = provider.Allocate(plan);
            _tensors = new OperationTensors(
                [.. inputs.Select(s => _memory[s])], [.. gradients.Select(s => _memory[s])], _memory[output], _memory[outputGradient],
                [.. kept.Select(s => _memory[s])], _memory[ids], [.. scratch.Select(s => _memory[s])]);
            for (int i = 0; i < inputs.Length; i++)
            {
                Fill(_tensors.Inputs[i], $"input {i}");
            }

            Fill(_tensors.OutputGradient, "output gradient");
            provider.Write<int>(_tensors.Ids, operation.Ids);
        }

        public double[] Forward()
        {
            _case.Forward(_provider, _tensors);
            return Values(_tensors.Output);
        }

        public double[][] Backward()
        {
            _case.Forward(_provider, _tensors);
            _case.Backward(_provider, _tensors);
            return [.. _tensors.Gradients.Select(Values)];
        }

        public double FiniteDifference(int input, int element)
        {
            const double Step = 1e-6;
            Tensor x = _tensors.Inputs[input].View(element, new Shape(1));
            double[] value = new double[1];
            _provider.Read<double>(x, value);
            double At(double v)
            {
                _provider.Write<double>(x, [v]);
                double sum = 0.0;
                double[] y = Forward();
                double[] dy = Values(_tensors.OutputGradient);
                for (int i = 0; i < y.Length; i++)
                {
                    sum += y[i] * dy[i];
                }

                return sum;
            }

            double difference = (At(value[0] + Step) - At(value[0] - Step)) / (2.0 * Step);
            _provider.Write<double>(x, value);
            return difference;
        }

        public void Dispose() => _memory.Dispose();

        private void Fill(Tensor tensor, string name)
        {
            RandomStream random = new(21, name);
            _provider.Write<float>(tensor, [.. Enumerable.Range(0, (int)tensor.Count).Select(i => (float)((3.0 * random.Uniform((ulong)i)) - 1.4))]);
        }

        private double[] Values(Tensor tensor)
        {
            double[] values = new double[tensor.Count];
            if (_asDouble)
            {
                _provider.Read<double>(tensor, values);
                return values;
            }

            float[] floats = new float[tensor.Count];
            _provider.Read<float>(tensor, floats);
            return Array.ConvertAll(floats, f => (double)f);
        }
    }
}
