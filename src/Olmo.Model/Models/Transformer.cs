using Olmo.Model.Layers;
using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>Embedding, blocks and final norm, over any provider: what training, evaluation and generation share.</summary>
internal sealed class Transformer : IDisposable
{
    private const long LogitElements = 16L << 20;
    private readonly ITensorProvider _provider;
    private readonly ParameterList _parameters;
    private readonly IWeightSource _weights;
    private readonly RoundedWeights? _rounded;
    private readonly ActivationRounding _rounding;
    private readonly Norm _norm;
    private readonly TransformerBlock[] _blocks;
    private readonly BufferSet _tables;
    private readonly ActivationMemory _memory;
    private readonly bool _recomputes;

    /// <summary>Takes all memory that passes need.</summary>
    /// <param name="provider">Device.</param>
    /// <param name="parameters">Parameters.</param>
    /// <param name="weights">Their values.</param>
    /// <param name="maxRows">Rows of the largest pass.</param>
    /// <param name="maxPositions">Largest position + 1.</param>
    /// <param name="maxLogitRows">Rows whose logits are asked for at a time, at most.</param>
    /// <param name="kind">What passes keep.</param>
    public Transformer(
        ITensorProvider provider,
        ParameterList parameters,
        IWeightSource weights,
        int maxRows,
        int maxPositions,
        int maxLogitRows,
        ActivationKind kind)
    {
        _provider = provider;
        _parameters = parameters;
        _rounded = RoundedWeights.AreNeeded(parameters) ? new RoundedWeights(provider, parameters, weights) : null;
        _weights = _rounded ?? weights;
        _rounding = new ActivationRounding(provider, parameters.ActivationType);
        _recomputes = kind == ActivationKind.Recomputed;
        OlmoConfig config = parameters.Config;
        _norm = new Norm(provider, config);
        RopeSpectrum[] spectra = [.. Enumerable.Range(0, config.Layers).Select(l => RopeTables.SpectrumOf(config, l)).Distinct()];
        BufferPlan plan = new();
        TensorSlot[] slots = new TensorSlot[2 * spectra.Length];
        for (int i = 0; i < slots.Length; i++)
        {
            slots[i] = plan.Add(i % 2 == 0 ? "cosines" : "sines", DType.F32, new Shape(maxPositions, config.HeadWidth / 2));
        }

        _tables = provider.Allocate(plan);
        RopeTables[] tables = new RopeTables[spectra.Length];
        for (int i = 0; i < spectra.Length; i++)
        {
            tables[i] = new RopeTables(_tables[slots[2 * i]], _tables[slots[(2 * i) + 1]]);
            provider.RopeTable(spectra[i], tables[i].Cos, tables[i].Sin);
        }

        _blocks = new TransformerBlock[config.Layers];
        for (int l = 0; l < config.Layers; l++)
        {
            _blocks[l] = new TransformerBlock(provider, config, l, tables[Array.IndexOf(spectra, RopeTables.SpectrumOf(config, l))], _rounding);
        }

        _memory = new ActivationMemory(provider, config, maxRows, LogitRows(config.Vocabulary, maxLogitRows, provider.LeastProductRows), kind, parameters.ActivationType);
    }

    /// <summary>Bytes of activations, and of rounded weights where there are such.</summary>
    public long ActivationBytes => _memory.SizeBytes + (_rounded?.SizeBytes ?? 0);

    /// <summary><see cref="ActivationBytes"/> for passes of so many rows on a device.</summary>
    public static long SizeOf(ParameterList parameters, int rows, ActivationKind kind, DeviceTraits device) =>
        ActivationMemory.SizeOf(parameters.Config, rows, LogitRows(parameters.Config.Vocabulary, rows, device.LeastProductRows), kind, parameters.ActivationType, device)
        + RoundedWeights.SizeOf(parameters);

    /// <summary>Activations of a pass.</summary>
    public ActivationSet Activations(int rows) => _memory.For(rows);

    /// <summary>From a.Ids to a.Normed.</summary>
    public void Forward(ActivationSet a, in Passage passage)
    {
        _weights.Acquire(0);
        _provider.Embedding(_weights[_parameters.Embedding], a.Ids, a.Embedded);
        _weights.Release(0);
        _rounding.Complete(a.Embedded);
        for (int l = 0; l < _blocks.Length; l++)
        {
            _weights.Acquire(l + 1);
            _blocks[l].Forward(new BlockTensors(_parameters.Block(l), _weights), a.Blocks[l], passage);
            _weights.Release(l + 1);
        }

        AcquireHead(withMatrix: false);
        _norm.Forward(a.Last, FinalNormOf(_weights), a.Normed, a.FinalStatistics);
        ReleaseHead(withMatrix: false);
        _rounding.Complete(new Activation(a.Normed));
    }

    /// <summary>From the gradient of a.Normed, in the scratch's Stream, to those of all parameters but the head's matrix.</summary>
    public void Backward(ActivationSet a, in Passage passage, GradientBuffers gradients, bool accumulate, IGradientSink? sink)
    {
        GradientScratch scratch = a.Scratch!;
        Tensor finalNorm = FinalNormOf(gradients);
        AcquireHead(withMatrix: false);
        _norm.Backward(scratch.Stream, a.Last, FinalNormOf(_weights), a.FinalStatistics, scratch.Stream, finalNorm, accumulate);
        ReleaseHead(withMatrix: false);
        if (sink is not null && !finalNorm.IsNone)
        {
            sink.Add(_parameters.FinalNorm, finalNorm);
        }

        if (sink is not null && _parameters.LayerCount > _parameters.HeadLayer)
        {
            sink.LayerReady(_parameters.HeadLayer);
        }

        for (int l = _blocks.Length - 1; l >= 0; l--)
        {
            _weights.Acquire(l + 1);
            BlockParameters block = _parameters.Block(l);
            BlockTensors weights = new(block, _weights);
            // What the last block wrote is still where it was written.
            if (l < _blocks.Length - 1)
            {
                a.Blocks[l].Restore(_provider);
                if (_recomputes)
                {
                    _blocks[l].Recompute(weights, a.Blocks[l], passage);
                }
            }

            _blocks[l].Backward(weights, a.Blocks[l], passage, scratch, new BlockTensors(block, gradients), accumulate);
            _weights.Release(l + 1);
            if (sink is not null)
            {
                Give(l + 1, gradients, sink);
            }
        }

        Tensor embedding = gradients[_parameters.Embedding];
        if (!accumulate)
        {
            _provider.Zero(embedding);
        }

        _provider.EmbeddingGradient(a.Ids, scratch.Stream, embedding);
        if (sink is not null)
        {
            Give(0, gradients, sink);
        }
    }

    /// <summary>The final matrix; acquire the head first.</summary>
    public Tensor Head => _rounded?.Head ?? _weights[_parameters.Head];

    /// <summary>Makes the final norm's weight usable, and the final matrix, which may be the embedding's.</summary>
    public void AcquireHead(bool withMatrix = true)
    {
        if (withMatrix && _parameters.Config.TiedEmbeddings)
        {
            _weights.Acquire(0);
        }

        if (_parameters.LayerCount > _parameters.HeadLayer)
        {
            _weights.Acquire(_parameters.HeadLayer);
        }
    }

    /// <summary>Ends what <see cref="AcquireHead"/> began.</summary>
    public void ReleaseHead(bool withMatrix = true)
    {
        if (withMatrix && _parameters.Config.TiedEmbeddings)
        {
            _weights.Release(0);
        }

        if (_parameters.LayerCount > _parameters.HeadLayer)
        {
            _weights.Release(_parameters.HeadLayer);
        }
    }

    public void Dispose()
    {
        _memory.Dispose();
        _rounded?.Dispose();
        _tables.Dispose();
    }

    private Tensor FinalNormOf(IParameterTensors source) => _parameters.FinalNorm < 0 ? default : source[_parameters.FinalNorm];

    private void Give(int layer, GradientBuffers gradients, IGradientSink sink)
    {
        for (int p = 0; p < _parameters.Specs.Length; p++)
        {
            if (_parameters.Specs[p].Layer == layer)
            {
                sink.Add(p, gradients[p]);
            }
        }

        sink.LayerReady(layer);
    }

    // 64 MiB of logits, more where that would be so few rows that products slow down.
    private static int LogitRows(int vocabulary, int maxRows, int leastRows) => (int)Math.Min(Math.Max(LogitElements / vocabulary, leastRows), maxRows);
}
