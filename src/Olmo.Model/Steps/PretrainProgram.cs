using Olmo.Data.Instances;
using Olmo.Model.Models;
using Olmo.Model.State;
using Olmo.Model.Tensors;

namespace Olmo.Model.Steps;

/// <summary>
/// Next-token pre-training: cross-entropy with z-loss over the labels of a group, in micro-batches. The chains of a group's gradients run over its sequences in
/// order, so on processors the size of the micro-batch changes speed and memory only; on a GPU it decides bits.
/// </summary>
public sealed class PretrainProgram : IStepProgram, IGradientSink, IDisposable
{
    private readonly OlmoModel _model;
    private readonly int _microBatch;
    private GradientAccumulator? _sums;

    /// <summary>Takes memory for activations and gradients; the weights stay the caller's.</summary>
    /// <param name="provider">Device of the weights.</param>
    /// <param name="weights">Weights that passes read and owners update.</param>
    /// <param name="settings">Sizes of groups and micro-batches, and S.</param>
    public PretrainProgram(ITensorProvider provider, ResidentWeights weights, StepSettings settings)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        _microBatch = settings.SequencesPerPass;
        GradientStorage storage = KeepsAllGradients(settings) ? GradientStorage.Whole : GradientStorage.OneLayer;
        _model = new OlmoModel(provider, weights.Parameters, weights, _microBatch, settings.SequenceLength, storage, settings.Recomputation);
        Parameters = weights.Working(weights.Parameters.Layout(settings.Shards));
    }

    /// <inheritdoc/>
    public WorkingParameters Parameters { get; }

    /// <summary>Bytes of activations.</summary>
    public long ActivationBytes => _model.ActivationBytes;

    /// <summary>Bytes of gradients.</summary>
    public long GradientBytes => _model.GradientBytes;

    /// <summary>Bytes that a program of such sizes takes for activations, for gradients, and for matrices rounded to bf16 where the device keeps such beside the weights; takes none.</summary>
    /// <param name="parameters">The model.</param>
    /// <param name="settings">Sizes of groups and micro-batches, and what is computed again.</param>
    /// <param name="device">What they are computed on.</param>
    public static (long Activations, long Gradients, long RoundedWeights) MemoryOf(ParameterList parameters, StepSettings settings, DeviceTraits device)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(settings);
        (long activations, long gradients) = OlmoModel.TrainingBytes(parameters, settings.SequencesPerPass, settings.SequenceLength, KeepsAllGradients(settings), settings.Recomputation, device);
        return (activations, gradients, RoundedWeights.SizeOnDevice(parameters, device));
    }

    // Gradients of several passes are one chain, which stays until the group ends.
    private static bool KeepsAllGradients(StepSettings settings) => settings.SequencesPerPass < settings.SequencesPerGroup;

    /// <inheritdoc/>
    public bool RunGroup(GroupBatch batch, long globalLabels, GradientAccumulator sums, out GroupLoss loss, CancellationToken abort)
    {
        ArgumentNullException.ThrowIfNull(batch);
        loss = default;
        _sums = sums;
        _model.BeginGroup();
        ulong hash = 0;
        for (int first = 0; first < batch.Sequences; first += _microBatch)
        {
            if (abort.IsCancellationRequested)
            {
                return false;
            }

            int sequences = Math.Min(_microBatch, batch.Sequences - first);
            bool isLast = first + sequences == batch.Sequences;
            MicroBatch given = Slice(batch, first, sequences);
            _model.ForwardBackward(given, globalLabels, first == 0, isLast ? this : null);
            hash += HashOf(given, batch.Instances.AsSpan(first, sequences));
        }

        (double crossEntropy, double zLoss) = _model.ReadLoss();
        loss = new GroupLoss(crossEntropy, zLoss, batch.CountLabels(), batch.Tokens, batch.Sequences, hash);
        return true;
    }

    /// <inheritdoc/>
    void IGradientSink.Add(int parameter, in Tensor gradient) => _sums!.AddGradient(parameter, gradient);

    /// <inheritdoc/>
    void IGradientSink.LayerReady(int layer) => _sums!.CompleteLayer(layer);

    /// <summary>Frees activations and gradients.</summary>
    public void Dispose() => _model.Dispose();

    // Of the very spans that the model was given.
    private static ulong HashOf(in MicroBatch given, ReadOnlySpan<long> instances)
    {
        ulong hash = 0;
        for (int s = 0; s < instances.Length; s++)
        {
            int from = s * given.SequenceLength;
            hash += SampleHash.OfSequence(instances[s], given.Ids.Slice(from, given.SequenceLength), given.Labels.Slice(from, given.SequenceLength));
        }

        return hash;
    }

    private static MicroBatch Slice(GroupBatch batch, int first, int sequences)
    {
        int from = first * batch.SequenceLength;
        int count = sequences * batch.SequenceLength;
        return new MicroBatch(
            batch.Ids.AsSpan(from, count),
            batch.SequenceLength,
            batch.Labels.AsSpan(from, count),
            batch.Weights is null ? default : batch.Weights.AsSpan(from, count),
            batch.DocumentStarts is null ? default : batch.DocumentStarts.AsSpan(from, count));
    }
}
