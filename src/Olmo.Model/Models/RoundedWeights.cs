using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>
/// Weights as passes see them where their compute type is bf16: those of another source, rounded once. Matrices are rounded where products read them (<see cref="Tensor.SeenAsBFloat16"/>), without a
/// copy; norms' weights are copied, a layer's at a time, in memory for the most. The embedding is looked up unrounded; its rows are rounded as activations, to the same values. Weights that the
/// source itself holds packed as bf16 are passed on.
/// </summary>
internal sealed class RoundedWeights : IWeightSource, IDisposable
{
    private const long AlignElements = 16;
    private readonly ITensorProvider _provider;
    private readonly ParameterList _parameters;
    private readonly IWeightSource _source;
    private readonly BufferSet? _memory;
    private readonly Tensor[] _copies;

    /// <summary>Takes the memory.</summary>
    public RoundedWeights(ITensorProvider provider, ParameterList parameters, IWeightSource source)
    {
        _provider = provider;
        _parameters = parameters;
        _source = source;
        _copies = new Tensor[parameters.Specs.Length];
        long[] offsets = new long[_copies.Length];
        BufferPlan plan = PlanOf(parameters, offsets, out TensorSlot slot);
        SizeBytes = plan.SizeBytes;
        if (SizeBytes == 0)
        {
            return;
        }

        _memory = provider.Allocate(plan);
        for (int p = 0; p < _copies.Length; p++)
        {
            _copies[p] = IsCopied(parameters.Specs[p]) ? _memory[slot].View(offsets[p], parameters.Specs[p].Shape) : default;
        }
    }

    /// <summary>Bytes taken.</summary>
    public long SizeBytes { get; }

    /// <summary>The final matrix, rounded.</summary>
    public Tensor Head => Seen(_parameters.Head);

    /// <inheritdoc/>
    public Tensor this[int parameter] => parameter == _parameters.Embedding ? _source[parameter] : Seen(parameter);

    /// <summary>True if any parameter's compute type is bf16.</summary>
    public static bool AreNeeded(ParameterList parameters) => parameters.Specs.Any(s => s.Precision.Compute == DType.BF16);

    /// <summary>Bytes that such weights take beside their source; 0 where they are not needed.</summary>
    public static long SizeOf(ParameterList parameters) => PlanOf(parameters, new long[parameters.Specs.Length], out _).SizeBytes;

    /// <summary>Bytes of the matrices that a device which works in bf16 keeps rounded beside the weights, for its products; 0 where products round them as they read.</summary>
    public static long SizeOnDevice(ParameterList parameters, DeviceTraits device)
    {
        long elements = 0;
        for (int p = 0; p < parameters.Specs.Length && device.WorkingTypeOf(DType.BF16) == DType.BF16; p++)
        {
            ParameterSpec spec = parameters.Specs[p];
            bool isRead = spec.Shape.Rank == 2 && (p != parameters.Embedding || p == parameters.Head); // the embedding is looked up
            elements += isRead && spec.Precision.Compute == DType.BF16 ? spec.Shape.Count : 0;
        }

        return elements * sizeof(ushort);
    }

    /// <inheritdoc/>
    public void Acquire(int layer)
    {
        _source.Acquire(layer);
        for (int p = 0; p < _copies.Length; p++)
        {
            if (_parameters.Specs[p].Layer == layer && !_copies[p].IsNone)
            {
                _provider.RoundToBFloat16(_source[p], _copies[p], default);
            }
        }
    }

    /// <inheritdoc/>
    public void Release(int layer) => _source.Release(layer);

    /// <summary>Frees the memory; the source stays.</summary>
    public void Dispose() => _memory?.Dispose();

    private Tensor Seen(int parameter) =>
        !_copies[parameter].IsNone ? _copies[parameter]
        : _parameters.Specs[parameter].Precision.Compute == DType.BF16 && _source[parameter].DType != DType.BF16 ? _source[parameter].SeenAsBFloat16()
        : _source[parameter];

    private static bool IsCopied(ParameterSpec spec) => spec.Precision.Compute == DType.BF16 && spec.Shape.Rank == 1;

    // Layers lie over each other, as one is acquired at a time.
    private static BufferPlan PlanOf(ParameterList parameters, long[] offsets, out TensorSlot slot)
    {
        long[] end = new long[parameters.HeadLayer + 1];
        for (int p = 0; p < offsets.Length; p++)
        {
            if (IsCopied(parameters.Specs[p]))
            {
                ref long at = ref end[parameters.Specs[p].Layer];
                offsets[p] = at;
                at += (parameters.Specs[p].Shape.Count + AlignElements - 1) / AlignElements * AlignElements;
            }
        }

        BufferPlan plan = new() { MayBeginWithAnything = true };
        slot = end.Max() == 0 ? default : plan.Add("rounded norms of a layer", DType.F32, new Shape(end.Max()));
        return plan;
    }
}
