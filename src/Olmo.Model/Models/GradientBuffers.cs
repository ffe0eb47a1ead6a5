using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>Gradients of the parameters: each in its own memory, or those of one layer at a time in the same.</summary>
internal sealed class GradientBuffers : IParameterTensors, IDisposable
{
    private const long AlignElements = 16;
    private readonly BufferSet _memory;
    private readonly Tensor[] _tensors;

    public GradientBuffers(ITensorProvider provider, ParameterList parameters, bool whole)
    {
        IsWhole = whole;
        int count = parameters.Specs.Length;
        (BufferPlan plan, TensorSlot slot, long[] offsets) = PlanOf(parameters, whole);
        SizeBytes = plan.SizeBytes;
        _memory = provider.Allocate(plan);
        _tensors = new Tensor[count];
        for (int p = 0; p < count; p++)
        {
            _tensors[p] = _memory[slot].View(offsets[p], parameters.Specs[p].Shape);
        }

        Head = parameters.Config.TiedEmbeddings ? _memory[slot].View(offsets[count], parameters.Specs[0].Shape) : _tensors[parameters.Head];
    }

    /// <summary>Bytes taken.</summary>
    public long SizeBytes { get; }

    /// <summary>Bytes that such buffers take.</summary>
    public static long SizeOf(ParameterList parameters, bool whole) => PlanOf(parameters, whole).Plan.SizeBytes;

    private static (BufferPlan Plan, TensorSlot Slot, long[] Offsets) PlanOf(ParameterList parameters, bool whole)
    {
        int count = parameters.Specs.Length;
        long[] offsets = new long[count + 1];
        long[] end = new long[parameters.HeadLayer + 1];
        long next = 0;
        for (int p = 0; p <= count; p++)
        {
            // Behind the parameters: the head's use of a tied embedding.
            Shape shape = p < count ? parameters.Specs[p].Shape : parameters.Specs[0].Shape;
            int layer = p < count ? parameters.Specs[p].Layer : parameters.HeadLayer;
            if (p == count && !parameters.Config.TiedEmbeddings)
            {
                break;
            }

            ref long at = ref end[whole ? 0 : layer];
            offsets[p] = at;
            at += (shape.Count + AlignElements - 1) / AlignElements * AlignElements;
            next = Math.Max(next, at);
        }

        BufferPlan plan = new();
        return (plan, plan.Add(whole ? "gradients" : "gradients of a layer", DType.F32, new Shape(next)), offsets);
    }

    /// <summary>True if each parameter has its own memory.</summary>
    public bool IsWhole { get; }

    /// <summary>Gradient of the final matrix; with a tied embedding that of its use by the head.</summary>
    public Tensor Head { get; }

    /// <inheritdoc/>
    public Tensor this[int parameter] => _tensors[parameter];

    public void Dispose() => _memory.Dispose();
}
