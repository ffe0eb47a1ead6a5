using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>
/// Weights as passes see them where their compute type is bf16: those of another source, rounded once, a layer at a time, in memory for the largest. The embedding is looked up unrounded; its rows are
/// rounded as activations, to the same values. Weights that the source itself holds packed as bf16 are passed on.
/// </summary>
internal sealed class RoundedWeights : IWeightSource, IDisposable
{
    private const long AlignElements = 16;
    private readonly ITensorProvider _provider;
    private readonly ParameterList _parameters;
    private readonly IWeightSource _source;
    private readonly BufferSet _memory;
    private readonly Tensor[] _rounded;

    /// <summary>Takes the memory.</summary>
    public RoundedWeights(ITensorProvider provider, ParameterList parameters, IWeightSource source)
    {
        _provider = provider;
        _parameters = parameters;
        _source = source;
        long[] offsets = new long[parameters.Specs.Length];
        long elements = PlaceOf(parameters, offsets);
        BufferPlan plan = new() { MayBeginWithAnything = true };
        TensorSlot slot = plan.Add("rounded weights of a layer", DType.F32, new Shape(elements));
        SizeBytes = plan.SizeBytes;
        _memory = provider.Allocate(plan);
        _rounded = new Tensor[parameters.Specs.Length];
        for (int p = 0; p < _rounded.Length; p++)
        {
            _rounded[p] = IsRounded(parameters, p) ? _memory[slot].View(offsets[p], parameters.Specs[p].Shape) : default;
        }
    }

    /// <summary>Bytes taken.</summary>
    public long SizeBytes { get; }

    /// <summary>The final matrix, rounded; after <see cref="AcquireHead"/>.</summary>
    public Tensor Head => Seen(_parameters.Head);

    /// <inheritdoc/>
    public Tensor this[int parameter] => parameter == _parameters.Embedding ? _source[parameter] : Seen(parameter);

    /// <summary>True if any parameter's compute type is bf16.</summary>
    public static bool AreNeeded(ParameterList parameters) => parameters.Specs.Any(s => s.Precision.Compute == DType.BF16);

    /// <summary>Bytes that such weights take beside their source; 0 where they are not needed.</summary>
    public static long SizeOf(ParameterList parameters)
    {
        if (!AreNeeded(parameters))
        {
            return 0;
        }

        BufferPlan plan = new();
        plan.Add("rounded weights of a layer", DType.F32, new Shape(PlaceOf(parameters, new long[parameters.Specs.Length])));
        return plan.SizeBytes;
    }

    /// <inheritdoc/>
    public void Acquire(int layer)
    {
        _source.Acquire(layer);
        for (int p = 0; p < _rounded.Length; p++)
        {
            if (_parameters.Specs[p].Layer == layer && p != _parameters.Head)
            {
                Round(p);
            }
        }
    }

    /// <summary>Rounds the final matrix, whose layer is acquired.</summary>
    public void AcquireHead() => Round(_parameters.Head);

    /// <inheritdoc/>
    public void Release(int layer) => _source.Release(layer);

    /// <summary>Frees the memory; the source stays.</summary>
    public void Dispose() => _memory.Dispose();

    private Tensor Seen(int parameter) => _rounded[parameter].IsNone || _source[parameter].DType == DType.BF16 ? _source[parameter] : _rounded[parameter];

    private void Round(int parameter)
    {
        if (!_rounded[parameter].IsNone && _source[parameter].DType != DType.BF16)
        {
            _provider.RoundToBFloat16(_source[parameter], _rounded[parameter], default);
        }
    }

    // An embedding that is not the head's matrix has no place.
    private static bool IsRounded(ParameterList parameters, int parameter) =>
        parameters.Specs[parameter].Precision.Compute == DType.BF16 && (parameter != parameters.Embedding || parameter == parameters.Head);

    // Layers lie over each other, as one is acquired at a time; the head's matrix lies in the head's layer, also where it is the embedding.
    private static long PlaceOf(ParameterList parameters, long[] offsets)
    {
        long[] end = new long[parameters.HeadLayer + 1];
        for (int p = 0; p < offsets.Length; p++)
        {
            if (IsRounded(parameters, p))
            {
                ref long at = ref end[p == parameters.Head ? parameters.HeadLayer : parameters.Specs[p].Layer];
                offsets[p] = at;
                at += (parameters.Specs[p].Shape.Count + AlignElements - 1) / AlignElements * AlignElements;
            }
        }

        return end.Max();
    }
}
