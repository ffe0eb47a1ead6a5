using Olmo.Model.Layers;
using Olmo.Model.Models;
using Olmo.Model.Tensors;

namespace Olmo.Model.Generation;

/// <summary>
/// Runs a model token by token over a cache of keys and values, for several sequences side by side. The logits have the bits of a pass over the whole sequence,
/// however its tokens are cut into calls. All memory is taken by the constructor. One thread uses it at a time.
/// </summary>
public sealed class OlmoDecoder : IDisposable
{
    private readonly ITensorProvider _provider;
    private readonly Transformer _transformer;
    private readonly KeyValueCache _cache;
    private readonly int _maxRows;
    private readonly int[] _positions;
    private readonly int _capacity;

    /// <summary>Takes memory.</summary>
    /// <param name="provider">Device.</param>
    /// <param name="parameters">Sizes of the model.</param>
    /// <param name="weights">Its weights, on the same provider.</param>
    /// <param name="sequences">Sequences side by side.</param>
    /// <param name="capacity">Tokens of the longest, prompt included.</param>
    /// <param name="maxRows">Tokens of one pass; a longer prompt takes several.</param>
    public OlmoDecoder(ITensorProvider provider, ParameterList parameters, IWeightSource weights, int sequences, int capacity, int maxRows = 256)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRows, 1);
        _provider = provider;
        Parameters = parameters;
        _capacity = capacity;
        _maxRows = Math.Max(Math.Min(maxRows, capacity), sequences);
        _positions = new int[_maxRows];
        _transformer = new Transformer(provider, parameters, weights, _maxRows, capacity, sequences, ActivationKind.Inference);
        _cache = new KeyValueCache(provider, parameters.Config, sequences, capacity);
    }

    /// <summary>Sizes of the model.</summary>
    public ParameterList Parameters { get; }

    /// <summary>Sequences side by side.</summary>
    public int Sequences => _cache.Sequences;

    /// <summary>Tokens that a sequence can have.</summary>
    public int Capacity => _capacity;

    /// <summary>Tokens of a sequence so far.</summary>
    public int LengthOf(int sequence) => _cache.LengthOf(sequence);

    /// <summary>Forgets the tokens of a sequence from a length on.</summary>
    public void Truncate(int sequence, int length) => _cache.Truncate(sequence, length);

    /// <summary>Appends tokens to one sequence.</summary>
    /// <param name="sequence">Sequence.</param>
    /// <param name="tokens">At least one.</param>
    /// <param name="logits">[V], written: those after the last token; empty: not computed.</param>
    /// <exception cref="ArgumentException">The sequence would be longer than the capacity, or a token is outside the vocabulary.</exception>
    public void Append(int sequence, ReadOnlySpan<int> tokens, Span<float> logits)
    {
        if (tokens.IsEmpty)
        {
            throw new ArgumentException("No tokens were given.", nameof(tokens));
        }

        while (!tokens.IsEmpty)
        {
            int rows = Math.Min(tokens.Length, _maxRows);
            Plan(sequence, 0, tokens[..rows]);
            Run(tokens[..rows]);
            tokens = tokens[rows..];
            if (tokens.IsEmpty && !logits.IsEmpty)
            {
                ReadLogits(_transformer.Activations(rows), rows - 1, 1, logits);
            }
        }
    }

    /// <summary>Appends one token to each of several sequences, in one pass.</summary>
    /// <param name="sequences">Different sequences.</param>
    /// <param name="tokens">One token for each.</param>
    /// <param name="logits">[sequences, V], written.</param>
    public void Step(ReadOnlySpan<int> sequences, ReadOnlySpan<int> tokens, Span<float> logits)
    {
        if (sequences.IsEmpty || sequences.Length != tokens.Length)
        {
            throw new ArgumentException($"{tokens.Length} tokens were given for {sequences.Length} sequences.", nameof(tokens));
        }

        for (int i = 0; i < sequences.Length; i++)
        {
            if (sequences[..i].Contains(sequences[i]))
            {
                throw new ArgumentException($"Sequence {sequences[i]} was given twice for one pass.", nameof(sequences));
            }

            Plan(sequences[i], i, tokens.Slice(i, 1));
        }

        Run(tokens);
        ReadLogits(_transformer.Activations(tokens.Length), 0, tokens.Length, logits);
    }

    /// <summary>Frees cache and activations; weights and provider stay.</summary>
    public void Dispose()
    {
        _cache.Dispose();
        _transformer.Dispose();
    }

    private void Plan(int sequence, int firstRow, ReadOnlySpan<int> tokens)
    {
        if (firstRow == 0)
        {
            _cache.Begin();
        }

        int length = _cache.LengthOf(sequence);
        if (tokens.Length > Capacity - length)
        {
            throw new ArgumentException($"Sequence {sequence} has {length} tokens; {tokens.Length} more do not fit the {Capacity} of the cache.", nameof(tokens));
        }

        for (int i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)Parameters.Config.Vocabulary)
            {
                throw new ArgumentException($"Token {tokens[i]} is outside the vocabulary of {Parameters.Config.Vocabulary}.", nameof(tokens));
            }

            _positions[firstRow + i] = length + i;
        }

        _cache.Plan(sequence, firstRow, tokens.Length);
    }

    private void Run(ReadOnlySpan<int> tokens)
    {
        ActivationSet a = _transformer.Activations(tokens.Length);
        _provider.Write(a.Ids, tokens);
        _provider.Write<int>(a.Positions, _positions.AsSpan(0, tokens.Length));
        _transformer.Forward(a, new Passage(1, tokens.Length, a.Positions, default, _cache));
        _cache.Commit();
    }

    private void ReadLogits(ActivationSet a, int firstRow, int rows, Span<float> logits)
    {
        int vocabulary = Parameters.Config.Vocabulary;
        int tile = (int)a.Logits.Shape.Rows;
        _transformer.AcquireHead();
        for (int row = 0; row < rows; row += tile)
        {
            int count = Math.Min(tile, rows - row);
            Tensor part = a.Logits.FirstRows(count);
            _provider.Linear(a.Normed.RowRange(firstRow + row, count), _transformer.Head, part);
            _provider.Read(part, logits.Slice(row * vocabulary, count * vocabulary));
        }

        _transformer.ReleaseHead();
    }
}
