using System.Collections.Immutable;
using Olmo.Model.Numerics;

namespace Olmo.Model.Generation;

/// <summary>
/// Generates tokens after prompts. A sequence's tokens depend on its prompt, the settings and its number only, not on what is generated beside it.
/// </summary>
/// <param name="decoder">The model; its sequences are used from 0 on and forgotten at each start.</param>
public sealed class TokenGenerator(OlmoDecoder decoder)
{
    private readonly int _vocabulary = decoder.Parameters.Config.Vocabulary;

    /// <summary>Generates one sequence, token by token as they are asked for.</summary>
    /// <param name="prompt">At least one token.</param>
    /// <param name="settings">What to generate.</param>
    /// <param name="sequence">Number of the sequence, which its random numbers are keyed by.</param>
    /// <param name="cancellationToken">Ends the enumeration with an exception.</param>
    public IEnumerable<int> Stream(
        IReadOnlyList<int> prompt, GenerationSettings settings, long sequence = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(settings);
        Sampler sampler = new(_vocabulary, settings.Sampling);
        return Enumerate([.. prompt], settings, sampler, Sampler.StreamOf(settings.Sampling.Seed, sequence), cancellationToken);
    }

    /// <summary>Generates one sequence.</summary>
    public GeneratedSequence Generate(IReadOnlyList<int> prompt, GenerationSettings settings, long sequence = 0, CancellationToken cancellationToken = default)
    {
        ImmutableArray<int> ids = [.. Stream(prompt, settings, sequence, cancellationToken)];
        return new GeneratedSequence(ids, ReasonOf(ids, settings));
    }

    /// <summary>Generates one sequence after each prompt, side by side; prompts may differ in length.</summary>
    /// <param name="prompts">At most as many as the decoder has sequences.</param>
    /// <param name="settings">What to generate.</param>
    /// <param name="onToken">Called with (row, token) as tokens are chosen; may be null.</param>
    /// <param name="cancellationToken">Looked at before each pass.</param>
    /// <exception cref="ArgumentException">Too many prompts, or an empty one.</exception>
    public IReadOnlyList<GeneratedSequence> GenerateBatch(
        IReadOnlyList<IReadOnlyList<int>> prompts, GenerationSettings settings, Action<int, int>? onToken = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(settings);
        if (prompts.Count > decoder.Sequences)
        {
            throw new ArgumentException($"{prompts.Count} prompts were given; the decoder has {decoder.Sequences} sequences.", nameof(prompts));
        }

        Sampler sampler = new(_vocabulary, settings.Sampling);
        Row[] rows = new Row[prompts.Count];
        float[] logits = new float[(long)_vocabulary * Math.Max(1, prompts.Count)];
        for (int i = 0; i < rows.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows[i] = new Row(i, [.. prompts[i]], prompts[i].Count, Sampler.StreamOf(settings.Sampling.Seed, i));
            decoder.Truncate(i, 0);
            decoder.Append(i, rows[i].Tokens.ToArray(), logits.AsSpan(0, _vocabulary));
            Choose(rows[i], logits.AsSpan(0, _vocabulary), settings, sampler, onToken);
        }

        while (rows.Any(r => r.IsOpen))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Row[] open = [.. rows.Where(r => r.IsOpen)];
            decoder.Step([.. open.Select(r => r.Index)], [.. open.Select(r => r.Tokens[^1])], logits.AsSpan(0, open.Length * _vocabulary));
            for (int i = 0; i < open.Length; i++)
            {
                Choose(open[i], logits.AsSpan(i * _vocabulary, _vocabulary), settings, sampler, onToken);
            }
        }

        return [.. rows.Select(r => r.Result(settings))];
    }

    private void Choose(Row row, ReadOnlySpan<float> logits, GenerationSettings settings, Sampler sampler, Action<int, int>? onToken)
    {
        row.IsOpen = settings.MaxNewTokens > 0;
        if (!row.IsOpen)
        {
            return;
        }

        int token = sampler.Next(logits, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(row.Tokens), row.Random, (ulong)row.NewTokens);
        row.Tokens.Add(token);
        onToken?.Invoke(row.Index, token);
        row.IsOpen = !settings.StopTokens.Contains(token) && row.NewTokens < settings.MaxNewTokens && decoder.LengthOf(row.Index) < decoder.Capacity;
    }

    private IEnumerable<int> Enumerate(
        List<int> tokens, GenerationSettings settings, Sampler sampler, RandomStream random, CancellationToken cancellationToken)
    {
        float[] logits = new float[_vocabulary];
        int prompt = tokens.Count;
        int cached = 0;
        decoder.Truncate(0, 0);
        while (tokens.Count - prompt < settings.MaxNewTokens && tokens.Count <= decoder.Capacity)
        {
            cancellationToken.ThrowIfCancellationRequested();
            decoder.Append(0, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tokens)[cached..], logits);
            cached = tokens.Count;
            int token = sampler.Next(logits, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tokens), random, (ulong)(tokens.Count - prompt));
            tokens.Add(token);
            yield return token;
            if (settings.StopTokens.Contains(token))
            {
                yield break;
            }
        }
    }

    private static FinishReason ReasonOf(ImmutableArray<int> ids, GenerationSettings settings) =>
        ids.Length > 0 && settings.StopTokens.Contains(ids[^1]) ? FinishReason.StopToken
        : ids.Length >= settings.MaxNewTokens ? FinishReason.Length
        : FinishReason.Capacity;

    private sealed class Row(int index, List<int> tokens, int prompt, RandomStream random)
    {
        public int Index { get; } = index;

        public List<int> Tokens { get; } = tokens;

        public RandomStream Random { get; } = random;

        public bool IsOpen { get; set; }

        public int NewTokens => Tokens.Count - prompt;

        public GeneratedSequence Result(GenerationSettings settings)
        {
            ImmutableArray<int> ids = [.. Tokens.Skip(prompt)];
            return new GeneratedSequence(ids, ReasonOf(ids, settings));
        }
    }
}
