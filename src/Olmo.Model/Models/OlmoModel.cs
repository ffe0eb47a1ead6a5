using Olmo.Model.Layers;
using Olmo.Model.Tensors;

namespace Olmo.Model.Models;

/// <summary>
/// A model that computes losses and gradients of micro-batches. All memory is taken by the constructor; passes allocate nothing but, once, the views for a new
/// number of rows. One thread uses it at a time.
/// </summary>
public sealed class OlmoModel : IDisposable
{
    private readonly ITensorProvider _provider;
    private readonly Transformer _transformer;
    private readonly GradientBuffers? _gradients;
    private readonly BufferSet _hostMemory;
    private readonly Tensor _losses;
    private readonly int _maxSequences;
    private readonly int _sequenceLength;
    private readonly int[] _positions;

    /// <summary>Takes memory for passes.</summary>
    /// <param name="provider">Device.</param>
    /// <param name="parameters">Sizes of the model.</param>
    /// <param name="weights">Its weights, on the same provider.</param>
    /// <param name="sequences">Sequences of the largest micro-batch.</param>
    /// <param name="sequenceLength">Tokens of the longest sequence.</param>
    /// <param name="gradients">Memory for gradients; without it there are forward passes only.</param>
    /// <param name="recomputation">What the backward pass computes again instead of finding it in memory.</param>
    public OlmoModel(
        ITensorProvider provider,
        ParameterList parameters,
        IWeightSource weights,
        int sequences,
        int sequenceLength,
        GradientStorage gradients,
        ActivationRecomputation recomputation = ActivationRecomputation.None)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequenceLength, 1);
        _provider = provider;
        Parameters = parameters;
        _maxSequences = sequences;
        _sequenceLength = sequenceLength;
        int rows = checked(sequences * sequenceLength);
        _positions = new int[rows];
        ActivationKind kind = gradients == GradientStorage.None ? ActivationKind.Inference : TrainingKind(recomputation);
        _transformer = new Transformer(provider, parameters, weights, rows, sequenceLength, rows, kind);
        _gradients = gradients == GradientStorage.None ? null : new GradientBuffers(provider, parameters, gradients == GradientStorage.Whole);
        BufferPlan plan = new() { InHostMemory = true };
        TensorSlot losses = plan.Add("losses", DType.F64, new Shape(2));
        _hostMemory = provider.Allocate(plan);
        _losses = _hostMemory[losses];
    }

    /// <summary>Sizes of the model.</summary>
    public ParameterList Parameters { get; }

    /// <summary>Bytes of activations.</summary>
    public long ActivationBytes => _transformer.ActivationBytes;

    /// <summary>Bytes of gradients.</summary>
    public long GradientBytes => _gradients?.SizeBytes ?? 0;

    /// <summary>Bytes of activations and gradients that a model for training takes.</summary>
    internal static (long Activations, long Gradients) TrainingBytes(
        ParameterList parameters, int sequences, int sequenceLength, bool wholeGradients, ActivationRecomputation recomputation, DeviceTraits device) =>
        (Transformer.SizeOf(parameters, checked(sequences * sequenceLength), TrainingKind(recomputation), device), GradientBuffers.SizeOf(parameters, wholeGradients));

    /// <summary>Starts the losses of a group.</summary>
    public void BeginGroup()
    {
        ActivationSet any = _transformer.Activations(1);
        _provider.Zero(any.CrossEntropySum);
        _provider.Zero(any.ZLossSum);
        SendLosses(any);
    }

    /// <summary>
    /// Forward and backward pass of one micro-batch of a group. Gradients of the group's micro-batches are one chain in order; losses add up until
    /// <see cref="ReadLoss"/>.
    /// </summary>
    /// <param name="batch">Micro-batch with labels.</param>
    /// <param name="divisor">N: labels of the global batch, at least 1.</param>
    /// <param name="isFirst">True: gradients start from 0. False needs <see cref="GradientStorage.Whole"/>.</param>
    /// <param name="sink">Given with the group's last micro-batch: takes each layer's gradients as soon as they are final. Null: more micro-batches follow.</param>
    /// <exception cref="ArgumentException">The batch is too large, or holds an id or label outside the vocabulary.</exception>
    /// <exception cref="InvalidOperationException">There is no memory for these gradients.</exception>
    public void ForwardBackward(in MicroBatch batch, double divisor, bool isFirst, IGradientSink? sink)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(divisor, 1.0);
        GradientBuffers gradients = _gradients ?? throw new InvalidOperationException("The model was made for forward passes only.");
        if (!gradients.IsWhole && (!isFirst || sink is null))
        {
            throw new InvalidOperationException("A group of several micro-batches needs gradient memory for every parameter.");
        }

        LoadedBatch loaded = Load(batch, withLabels: true);
        ForwardBackward(loaded, divisor, isFirst, sink);
    }

    /// <summary>The part of a pass that only puts operations in line: a device may record it and run it again.</summary>
    internal void ForwardBackward(in LoadedBatch batch, double divisor, bool isFirst, IGradientSink? sink)
    {
        (ActivationSet a, Passage passage, _) = batch;
        GradientBuffers gradients = _gradients!;
        _transformer.Forward(a, passage);
        _transformer.AcquireHead();
        _provider.LossHead(Head(batch, divisor) with
        {
            InputGradient = a.Scratch!.Stream,
            WeightGradient = gradients.Head,
            Accumulate = !isFirst,
        });
        _transformer.ReleaseHead();
        AddLosses(a);
        sink?.Add(Parameters.Head, gradients.Head);
        _transformer.Backward(a, passage, gradients, !isFirst, sink);
    }

    /// <summary>
    /// Sums of the losses since <see cref="BeginGroup"/>, in token order, sequence after sequence; not divided. Waits for the last loss only: the device may still be at the backward pass, and finds
    /// the next group's operations in line behind it.
    /// </summary>
    public (double CrossEntropy, double ZLoss) ReadLoss()
    {
        Span<double> sums = stackalloc double[2];
        _provider.Read(_losses, sums);
        return (sums[0], sums[1]);
    }

    /// <summary>Forward pass: losses of a micro-batch join the sums of <see cref="ReadLoss"/>, and the values of each position can be read.</summary>
    /// <typeparam name="T">float, or what the provider's fp32 tensors are read as.</typeparam>
    /// <param name="batch">Micro-batch with labels.</param>
    /// <param name="crossEntropy">One value a position: weight times cross-entropy, nats; 0 without a label. Empty: not read.</param>
    /// <param name="logProbability">One value a position: log probability of the label, nats. Empty: not read.</param>
    public void Evaluate<T>(in MicroBatch batch, Span<T> crossEntropy = default, Span<T> logProbability = default)
        where T : unmanaged
    {
        LoadedBatch loaded = Load(batch, withLabels: true);
        ActivationSet a = loaded.Activations;
        _transformer.Forward(a, loaded.Passage);
        _transformer.AcquireHead();
        _provider.LossHead(Head(loaded, 1.0) with { LogProbability = a.LogProbability });
        _transformer.ReleaseHead();
        AddLosses(a);
        if (!crossEntropy.IsEmpty)
        {
            _provider.Read(a.CrossEntropy, crossEntropy);
        }

        if (!logProbability.IsEmpty)
        {
            _provider.Read(a.LogProbability, logProbability);
        }
    }

    /// <summary>Forward pass that gives all logits of a micro-batch to the host.</summary>
    /// <typeparam name="T">float, or what the provider's fp32 tensors are read as.</typeparam>
    /// <param name="batch">Micro-batch; labels are not looked at.</param>
    /// <param name="logits">[sequences, T, V]</param>
    public void Logits<T>(in MicroBatch batch, Span<T> logits)
        where T : unmanaged
    {
        LoadedBatch loaded = Load(batch, withLabels: false);
        ActivationSet a = loaded.Activations;
        _transformer.Forward(a, loaded.Passage);
        _transformer.AcquireHead();
        int tile = (int)a.Logits.Shape.Rows;
        int vocabulary = Parameters.Config.Vocabulary;
        for (int row = 0; row < a.Rows; row += tile)
        {
            int rows = Math.Min(tile, a.Rows - row);
            Tensor part = a.Logits.FirstRows(rows);
            _provider.Linear(a.Normed.RowRange(row, rows), _transformer.Head, part);
            _provider.Read(part, logits.Slice(row * vocabulary, rows * vocabulary));
        }

        _transformer.ReleaseHead();
    }

    /// <summary>Frees activations and gradients; weights and provider stay.</summary>
    public void Dispose()
    {
        _hostMemory.Dispose();
        _gradients?.Dispose();
        _transformer.Dispose();
    }

    /// <summary>Activations of the last pass of so many rows.</summary>
    internal ActivationSet Activations(int rows) => _transformer.Activations(rows);

    private static ActivationKind TrainingKind(ActivationRecomputation recomputation) =>
        recomputation == ActivationRecomputation.Blocks ? ActivationKind.Recomputed : ActivationKind.Training;

    private LossHeadPass Head(in LoadedBatch batch, double divisor) => new()
    {
        Input = batch.Activations.Normed,
        Weight = _transformer.Head,
        Labels = batch.Activations.Labels,
        Weights = batch.HasWeights ? batch.Activations.Weights : default,
        Divisor = divisor,
        ZMultiplier = Parameters.Config.ZLossMultiplier,
        CrossEntropy = batch.Activations.CrossEntropy,
        ZLoss = batch.Activations.ZLoss,
        Logits = batch.Activations.Logits,
    };

    private void AddLosses(ActivationSet a)
    {
        _provider.AddInOrder(a.CrossEntropy, a.CrossEntropySum);
        _provider.AddInOrder(a.ZLoss, a.ZLossSum);
        SendLosses(a);
    }

    private void SendLosses(ActivationSet a)
    {
        _provider.Copy(a.CrossEntropySum, _losses.View(0, new Shape(1)));
        _provider.Copy(a.ZLossSum, _losses.View(1, new Shape(1)));
    }

    /// <summary>Copies a micro-batch to the device.</summary>
    internal LoadedBatch Load(in MicroBatch batch, bool withLabels)
    {
        int rows = batch.Ids.Length;
        int length = batch.SequenceLength;
        if (batch.Sequences > _maxSequences || length > _sequenceLength)
        {
            throw new ArgumentException(
                $"A micro-batch of {batch.Sequences} sequences of {length} tokens was given; the model was made for {_maxSequences} of {_sequenceLength}.");
        }

        RequireTokens(batch.Ids, "id", allowIgnored: false);
        ActivationSet a = _transformer.Activations(rows);
        _provider.Write(a.Ids, batch.Ids);
        if (withLabels)
        {
            if (batch.Labels.IsEmpty)
            {
                throw new ArgumentException("A loss was asked for a micro-batch without labels.");
            }

            RequireTokens(batch.Labels, "label", allowIgnored: true);
            _provider.Write(a.Labels, batch.Labels);
            if (!batch.Weights.IsEmpty)
            {
                _provider.Write(a.Weights, batch.Weights);
            }
        }

        bool documents = !batch.DocumentStarts.IsEmpty;
        Span<int> positions = _positions.AsSpan(0, rows);
        for (int i = 0; i < rows; i++)
        {
            int position = i % length;
            int start = documents ? batch.DocumentStarts[i] : 0;
            if (start < 0 || start > position)
            {
                throw new ArgumentException($"The document of position {position} (row {i}) starts at {start}; it must be in 0 .. {position}.");
            }

            positions[i] = position - start;
        }

        _provider.Write<int>(a.Positions, positions);
        if (documents)
        {
            _provider.Write(a.DocumentStarts, batch.DocumentStarts);
        }

        return new LoadedBatch(a, new Passage(batch.Sequences, length, a.Positions, documents ? a.DocumentStarts : default, null), !batch.Weights.IsEmpty);
    }

    private void RequireTokens(ReadOnlySpan<int> tokens, string what, bool allowIgnored)
    {
        int vocabulary = Parameters.Config.Vocabulary;
        for (int i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)vocabulary && !(allowIgnored && tokens[i] == LossHeadPass.IgnoredLabel))
            {
                throw new ArgumentException($"The {what} {tokens[i]} at position {i} of the micro-batch is outside the vocabulary of {vocabulary}.");
            }
        }
    }
}
