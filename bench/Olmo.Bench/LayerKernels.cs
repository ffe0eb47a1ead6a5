using System.Globalization;
using Olmo.Model.Compute;
using Olmo.Model.Cpu;
using Olmo.Model.Kernels;
using Olmo.Model.Tensors;

namespace Olmo.Bench;

/// <summary>Kernels of a layer's forward and backward pass but its matrix products, at the sizes of one micro-batch.</summary>
internal sealed unsafe class LayerKernels : IDisposable
{
    private const double Epsilon = 1e-6;
    private readonly CpuProvider _provider;
    private readonly KernelShape _shape;
    private readonly BufferSet _memory;
    private readonly Tensor[] _narrow;
    private readonly Tensor[] _wide;
    private readonly Tensor[] _rows;
    private readonly Tensor _logSumExp;
    private readonly Tensor _weight;
    private readonly Tensor _weightGradient;
    private readonly Tensor _positions;
    private readonly Tensor _cosines;
    private readonly Tensor _sines;
    private readonly Tensor _labels;
    private readonly Tensor _logits;

    public LayerKernels(CpuProvider provider, KernelShape shape)
    {
        _provider = provider;
        _shape = shape;
        BufferPlan plan = new();
        TensorSlot[] narrow = Several(plan, 8, new Shape(shape.Rows, shape.Width));
        TensorSlot[] wide = Several(plan, 5, new Shape(shape.Rows, shape.Hidden));
        TensorSlot[] rows = Several(plan, 4, new Shape(shape.Rows));
        TensorSlot logSumExp = plan.Add("log-sum-exp", DType.F32, new Shape(shape.Rows, shape.Width / KernelShape.HeadWidth));
        TensorSlot[] weights = Several(plan, 2, new Shape(shape.Width));
        TensorSlot[] tables = Several(plan, 2, new Shape(shape.Length, KernelShape.HeadWidth / 2));
        TensorSlot positions = plan.Add("positions", DType.I32, new Shape(shape.Rows));
        TensorSlot labels = plan.Add("labels", DType.I32, new Shape(shape.HeadRows));
        TensorSlot logits = plan.Add("logits", DType.F32, new Shape(shape.HeadRows, shape.Vocabulary));
        _memory = provider.Allocate(plan);
        _narrow = [.. narrow.Select(s => Filled(_memory[s]))];
        _wide = [.. wide.Select(s => Filled(_memory[s]))];
        _rows = [.. rows.Select(s => Filled(_memory[s]))];
        _logSumExp = _memory[logSumExp];
        _weight = Filled(_memory[weights[0]]);
        _weightGradient = _memory[weights[1]];
        _cosines = _memory[tables[0]];
        _sines = _memory[tables[1]];
        provider.RopeTable(new RopeSpectrum(500000, KernelShape.HeadWidth), _cosines, _sines);
        _positions = _memory[positions];
        provider.Write<int>(_positions, [.. Enumerable.Range(0, shape.Rows).Select(r => r % shape.Length)]);
        _labels = _memory[labels];
        provider.Write<int>(_labels, [.. Enumerable.Range(0, shape.HeadRows).Select(r => (int)(r * 7919L % shape.Vocabulary))]);
        _logits = Filled(_memory[logits]);
    }

    private AttentionGeometry Attention =>
        new(_shape.Sequences, _shape.Length, _shape.Length, 0, _shape.Width / KernelShape.HeadWidth, _shape.Width / KernelShape.HeadWidth, KernelShape.HeadWidth, 0);

    /// <summary>The kernels.</summary>
    public IEnumerable<KernelCase> All()
    {
        double narrow = (double)_shape.Rows * _shape.Width;
        double wide = (double)_shape.Rows * _shape.Hidden;

        // A product of the forward pass: query by key, probability by value; query i sees i + 1 keys.
        double product = 2.0 * _shape.Sequences * _shape.Length * (_shape.Length + 1) / 2 * _shape.Width;
        yield return Case("attention", KernelLimit.BestProduct, 2 * product, () => _provider.Attention(Attention, _narrow[0], _narrow[1], _narrow[2], default, _narrow[3], _logSumExp));
        yield return Case(
            "attention backward",
            KernelLimit.BestProduct,
            5 * product,
            () => _provider.AttentionGradient(Attention, _narrow[0], _narrow[1], _narrow[2], default, _narrow[3], _logSumExp, _narrow[4], _narrow[5], _narrow[6], _narrow[7]));
        yield return Copying("RMSNorm", 2 * narrow, () => _provider.RmsNorm(_narrow[0], _weight, _narrow[5], _rows[0], Epsilon));
        yield return Copying("RMSNorm onto the residual", 3 * narrow, () => _provider.RmsNorm(_narrow[0], _weight, _narrow[5], _rows[0], Epsilon, _narrow[1]));
        yield return Copying("RMSNorm backward", 3 * narrow, () => _provider.RmsNormGradient(_narrow[1], _narrow[0], _weight, _rows[0], _narrow[5], _weightGradient, accumulate: true));
        yield return Copying("LayerNorm", 2 * narrow, () => _provider.LayerNorm(_narrow[0], _narrow[5], _rows[1], _rows[2], Epsilon));
        yield return Copying("LayerNorm backward", 3 * narrow, () => _provider.LayerNormGradient(_narrow[1], _narrow[0], _rows[1], _rows[2], _narrow[5]));
        yield return Copying("RoPE in place", 2 * narrow, () => _provider.Rope(_narrow[0], new(_positions, _cosines, _sines), _narrow[0]));
        yield return Copying("RoPE backward in place", 2 * narrow, () => _provider.RopeGradient(_narrow[0], new(_positions, _cosines, _sines), _narrow[0]));
        yield return Copying("residual", 3 * narrow, () => _provider.Add(_narrow[0], _narrow[1], _narrow[5]));
        yield return Copying("SwiGLU", 3 * wide, () => _provider.SwiGlu(_wide[0], _wide[1], _wide[2]));
        yield return Copying("SwiGLU backward", 5 * wide, () => _provider.SwiGluGradient(_wide[0], _wide[1], _wide[2], _wide[3], _wide[4]));
        yield return Copying("softmax cross-entropy", 2.0 * _shape.HeadRows * _shape.Vocabulary, Losses);
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static TensorSlot[] Several(BufferPlan plan, int count, Shape shape) => [.. Enumerable.Range(0, count).Select(_ => plan.Add("operand", DType.F32, shape))];

    private KernelCase Copying(string name, double floats, Action work) => Case(name, KernelLimit.Copy, floats * sizeof(float), work);

    private KernelCase Case(string name, KernelLimit limit, double amount, Action work) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{name} d{_shape.Width}"), limit, amount, work);

    private Tensor Filled(Tensor tensor)
    {
        PlainNumbers.Write(_provider, tensor);
        return tensor;
    }

    // The rows of the fused loss head without its products: losses, and logits replaced by their gradients.
    private void Losses()
    {
        LossRowsJob job = new()
        {
            Width = _provider.Width,
            Rows = new LossRows
            {
                Logits = (float*)Address(_logits),
                RowStride = _shape.Vocabulary,
                Vocabulary = _shape.Vocabulary,
                Labels = (int*)Address(_labels),
                InverseDivisor = 1f / _shape.HeadRows,
                ZMultiplier = 1e-5f,
                CrossEntropy = (float*)Address(_rows[0]),
                ZLoss = (float*)Address(_rows[3]),
            },
        };
        _provider.Pool.Run(ref job, _shape.HeadRows, 2);
    }

    private static byte* Address(in Tensor tensor) => ((CpuBuffer)tensor.Buffer).At(tensor.Offset);

    private struct LossRowsJob : IRangeJob
    {
        public SimdWidth Width;
        public LossRows Rows;

        public readonly void Execute(nint from, nint to, int worker) => SoftmaxCrossEntropy.ForwardBackward(Width, Rows, from, to);
    }
}
